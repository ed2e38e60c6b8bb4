//! What the transport knows and does not tell: plain RTCP of the clients, and the keys of SRTP.
//!
//! Of the RTCP transport-wide feedback is wanted, and what receivers say of the mix. The transport
//! offers it with a copy of every packet in and out, which costs more than all else that a packet
//! costs us; and its own estimator paces, probes and pads, so that padding would go out for tiles
//! whose owner may not receive video. The keys are for [`super::egress`], which sends beside
//! the transport. Ciphers and DTLS are ours to give, though, and ones that remember what they have done
//! last cost nothing.

use std::cell::RefCell;

use hubbub_rtp::dtls::Provider;
use hubbub_rtp::srtp::Context;
use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, CryptoProvider,
    SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

#[derive(Default)]
struct Tap {
    on: bool,
    plain: Vec<u8>,
    outgoing: Option<Context>,
}

thread_local! {
    static TAP: RefCell<Tap> = RefCell::default();
}

static TAPPED: Tapped = Tapped;
static DTLS: Provider = Provider { told: note_keys };

/// The cryptography of all transports of this process.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        srtp_provider: &TAPPED,
        dtls_provider: &DTLS,
        ..*hubbub_rtp::provider()
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

/// Runs `work`, in which a transport may get its keys: then the context that encrypts what it sends
/// comes, too.
pub fn keys<T>(work: impl FnOnce() -> T) -> (T, Option<Context>) {
    TAP.with_borrow_mut(|tap| tap.outgoing = None);
    let done = work();
    (done, TAP.with_borrow_mut(|tap| tap.outgoing.take()))
}

fn note_keys(material: &KeyingMaterial, profile: SrtpProfile, client: bool) {
    let context = Context::new(material, profile, client, true);
    TAP.with_borrow_mut(|tap| tap.outgoing = context);
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
    hubbub_rtp::provider().srtp_provider
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
