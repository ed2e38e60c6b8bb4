//! Plain RTCP of the clients, which the transport decrypts but tells only in part.
//!
//! Transport-wide feedback is all that is wanted of it. The transport offers it with a copy of every
//! packet in and out, which costs more than all else that a packet costs us; and its own estimator
//! paces, probes and pads, so that padding would go out for tiles whose owner may not receive
//! video. The ciphers are ours to give, though, and one that remembers what it has deciphered last
//! costs nothing.

use std::cell::RefCell;
use std::sync::OnceLock;

use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, CryptoProvider,
    SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

#[derive(Default)]
struct Tap {
    on: bool,
    plain: Vec<u8>,
}

thread_local! {
    static TAP: RefCell<Tap> = RefCell::default();
}

static INNER: OnceLock<&'static dyn SrtpProvider> = OnceLock::new();
static TAPPED: Tapped = Tapped;

/// The cryptography of all transports of this process.
pub fn provider() -> CryptoProvider {
    let inner = str0m::crypto::from_feature_flags();
    INNER.get_or_init(|| inner.srtp_provider);
    CryptoProvider {
        srtp_provider: &TAPPED,
        ..inner
    }
}

/// Runs `work`, in which a transport takes the SRTCP packet `packet`; its plain bytes, if they were
/// authentic, are handed to `take` afterwards.
pub fn listen<T>(packet: &[u8], work: impl FnOnce() -> T, take: impl FnOnce(&T, &[u8])) -> T {
    TAP.with_borrow_mut(|tap| {
        tap.on = true;
        tap.plain.clear();
    });
    let done = work();
    TAP.with_borrow_mut(|tap| {
        tap.on = false;
        if !tap.plain.is_empty()
            && let Some(header) = packet.first_chunk::<8>()
        {
            // The first header of a compound packet is not encrypted (RFC 3711 3.4).
            tap.plain.splice(..0, *header);
            take(&done, &tap.plain);
        }
    });
    done
}

fn note(plain: &[u8]) {
    TAP.with_borrow_mut(|tap| {
        if tap.on {
            tap.plain.clear();
            tap.plain.extend_from_slice(plain);
        }
    });
}

#[derive(Debug)]
struct Tapped;

fn inner() -> &'static dyn SrtpProvider {
    *INNER
        .get()
        .expect("set before a transport can be made with it")
}

impl SrtpProvider for Tapped {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &TAPPED
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &TAPPED
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &TAPPED
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner().srtp_aes_128_ecb_round(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        inner().srtp_aes_256_ecb_round(key, input, output);
    }
}

#[derive(Debug)]
struct Cipher<T: ?Sized>(Box<T>);

impl SupportedAes128CmSha1_80 for Tapped {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Cipher(
            inner().aes_128_cm_sha1_80().create_cipher(key, encrypt),
        ))
    }
}

impl SupportedAeadAes128Gcm for Tapped {
    fn create_cipher(&self, key: [u8; 16], encrypt: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Cipher(
            inner().aead_aes_128_gcm().create_cipher(key, encrypt),
        ))
    }
}

impl SupportedAeadAes256Gcm for Tapped {
    fn create_cipher(&self, key: [u8; 32], encrypt: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Cipher(
            inner().aead_aes_256_gcm().create_cipher(key, encrypt),
        ))
    }
}

impl Aes128CmSha1_80Cipher for Cipher<dyn Aes128CmSha1_80Cipher> {
    fn encrypt(
        &mut self,
        iv: &[u8; 16],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.encrypt(iv, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 16],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.0.decrypt(iv, input, output)?;
        note(&output[..input.len()]);
        Ok(())
    }
}

macro_rules! tap_aead {
    ($cipher:ident) => {
        impl $cipher for Cipher<dyn $cipher> {
            fn encrypt(
                &mut self,
                iv: &[u8; 12],
                aad: &[u8],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<(), CryptoError> {
                self.0.encrypt(iv, aad, input, output)
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                output: &mut [u8],
            ) -> Result<usize, CryptoError> {
                let length = self.0.decrypt(iv, aads, input, output)?;
                note(&output[..length]);
                Ok(length)
            }
        }
    };
}

tap_aead!(AeadAes128GcmCipher);
tap_aead!(AeadAes256GcmCipher);
