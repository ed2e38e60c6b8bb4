//! SRTP and SRTCP (RFC 3711, RFC 7714) for one direction, cheap enough for thousands of clients.

use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};
use str0m::crypto::{
    AeadAes128Gcm, AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80,
    Aes128CmSha1_80Cipher, CryptoError,
};

use crate::provider;

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    provider().sha1_hmac_provider.sha1_hmac(key, parts)
}

const GCM_TAG: usize = 16;
const CM_TAG: usize = 10;
const INDEX: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// What a cipher may write beyond the end.
const BLOCKS: usize = 32;
/// RTCP header and sender SSRC stay in clear.
const RTCP_CLEAR: usize = 8;

enum Cipher {
    Cm {
        cipher: Box<dyn Aes128CmSha1_80Cipher>,
        salt: [u8; 14],
        authentication: [u8; 20],
    },
    Gcm(Gcm, [u8; 12]),
}

/// With either length of key: to str0m each is a trait of its own.
enum Gcm {
    Short(Box<dyn AeadAes128GcmCipher>),
    Long(Box<dyn AeadAes256GcmCipher>),
}

impl Gcm {
    fn encrypt(
        &mut self,
        iv: &[u8; 12],
        aad: &[u8],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        match self {
            Gcm::Short(cipher) => cipher.encrypt(iv, aad, input, output),
            Gcm::Long(cipher) => cipher.encrypt(iv, aad, input, output),
        }
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        // The ciphers assert that there is a tag.
        if input.len() < GCM_TAG {
            return Err(CryptoError::Other("no tag".to_owned()));
        }
        match self {
            Gcm::Short(cipher) => cipher.decrypt(iv, aads, input, output),
            Gcm::Long(cipher) => cipher.decrypt(iv, aads, input, output),
        }
    }
}

/// RTP and RTCP in one direction.
pub struct Context {
    rtp: Cipher,
    rtcp: Cipher,
    index: u32,
}

/// Key derivation (RFC 3711 4.3) with labels 0-2 for RTP, 3-5 for RTCP.
struct Master<'a> {
    key: &'a [u8],
    salt: &'a [u8],
}

impl Master<'_> {
    fn derive<const N: usize>(&self, label: u8) -> [u8; N] {
        let crypto = provider().srtp_provider;
        let mut input = [0; 16];
        input[..self.salt.len()].copy_from_slice(self.salt);
        input[7] ^= label;
        let mut out = [0; N];
        for (round, piece) in out.chunks_mut(16).enumerate() {
            let mut block = [0; 32];
            input[14..].copy_from_slice(&(round as u16).to_be_bytes());
            if self.key.len() == 16 {
                crypto.srtp_aes_128_ecb_round(self.key, &input, &mut block);
            } else {
                crypto.srtp_aes_256_ecb_round(self.key, &input, &mut block);
            }
            piece.copy_from_slice(&block[..piece.len()]);
        }
        out
    }

    fn cipher(&self, profile: SrtpProfile, label: u8, encrypt: bool) -> Option<Cipher> {
        let crypto = provider().srtp_provider;
        Some(match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Cipher::Cm {
                cipher: crypto
                    .aes_128_cm_sha1_80()
                    .create_cipher(self.derive(label), encrypt),
                authentication: self.derive(label + 1),
                salt: self.derive(label + 2),
            },
            SrtpProfile::AEAD_AES_128_GCM => Cipher::Gcm(
                Gcm::Short(
                    crypto
                        .aead_aes_128_gcm()
                        .create_cipher(self.derive(label), encrypt),
                ),
                self.derive(label + 2),
            ),
            SrtpProfile::AEAD_AES_256_GCM => Cipher::Gcm(
                Gcm::Long(
                    crypto
                        .aead_aes_256_gcm()
                        .create_cipher(self.derive(label), encrypt),
                ),
                self.derive(label + 2),
            ),
            _ => return None,
        })
    }
}

impl Context {
    /// The context of what the DTLS client sends (`client`) or the server; `encrypt` for the one
    /// that sends. `None` for a profile that is not known.
    pub fn new(
        material: &KeyingMaterial,
        profile: SrtpProfile,
        client: bool,
        encrypt: bool,
    ) -> Option<Context> {
        let (key, salt) = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => (16, 14),
            SrtpProfile::AEAD_AES_128_GCM => (16, 12),
            SrtpProfile::AEAD_AES_256_GCM => (32, 12),
            _ => return None,
        };
        if material.len() != 2 * (key + salt) {
            return None;
        }
        let side = usize::from(!client);
        let salts = &material[2 * key..];
        let master = Master {
            key: &material[side * key..][..key],
            salt: &salts[side * salt..][..salt],
        };
        Some(Context {
            rtp: master.cipher(profile, 0, encrypt)?,
            rtcp: master.cipher(profile, 3, encrypt)?,
            index: 0,
        })
    }

    /// Appends the protected packet to `out`; `sequence` is extended.
    pub fn protect(&mut self, header: &[u8], payload: &[u8], sequence: u64, out: &mut Vec<u8>) {
        let start = out.len();
        let ssrc = ssrc(header, 8);
        out.extend_from_slice(header);
        let body = out.len();
        match &mut self.rtp {
            Cipher::Cm {
                cipher,
                salt,
                authentication,
            } => {
                out.resize(body + payload.len(), 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, sequence);
                cipher
                    .encrypt(&iv, payload, &mut out[body..])
                    .expect("encryption of a packet");
                let roc = ((sequence >> 16) as u32).to_be_bytes();
                let tag = hmac(authentication, &[&out[start..], &roc]);
                out.extend_from_slice(&tag[..CM_TAG]);
            }
            Cipher::Gcm(cipher, salt) => {
                out.resize(body + payload.len() + GCM_TAG, 0);
                let iv = gcm_iv(*salt, ssrc, sequence);
                cipher
                    .encrypt(&iv, header, payload, &mut out[body..])
                    .expect("encryption of a packet");
            }
        }
    }

    /// Appends the payload of a packet whose header is so long to `out`; `None`, and nothing
    /// appended, if it is not authentic.
    pub fn unprotect(
        &mut self,
        packet: &[u8],
        header: usize,
        sequence: u64,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let start = out.len();
        let length = self.decrypt(packet, header, sequence, out);
        out.truncate(start + length.unwrap_or(0));
        length.map(|_| ())
    }

    fn decrypt(
        &mut self,
        packet: &[u8],
        header: usize,
        sequence: u64,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let start = out.len();
        let ssrc = ssrc(packet, 8);
        let (aad, body) = packet.split_at_checked(header)?;
        match &mut self.rtp {
            Cipher::Cm {
                cipher,
                salt,
                authentication,
            } => {
                let split = body.len().checked_sub(CM_TAG)?;
                let roc = ((sequence >> 16) as u32).to_be_bytes();
                let tag = hmac(authentication, &[&packet[..header + split], &roc]);
                if !equal(&tag[..CM_TAG], &body[split..]) {
                    return None;
                }
                out.resize(start + split + BLOCKS, 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, sequence);
                cipher
                    .decrypt(&iv, &body[..split], &mut out[start..])
                    .ok()?;
                Some(split)
            }
            Cipher::Gcm(cipher, salt) => {
                out.resize(start + body.len(), 0);
                let iv = gcm_iv(*salt, ssrc, sequence);
                cipher.decrypt(&iv, &[aad], body, &mut out[start..]).ok()
            }
        }
    }

    /// Appends the protected compound packet to `out`.
    pub fn protect_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let ssrc = ssrc(packet, 4);
        self.index = self.index % (ENCRYPTED - 1) + 1;
        let index = (self.index | ENCRYPTED).to_be_bytes();
        let (clear, secret) = packet.split_at(RTCP_CLEAR);
        out.extend_from_slice(clear);
        let body = out.len();
        match &mut self.rtcp {
            Cipher::Cm {
                cipher,
                salt,
                authentication,
            } => {
                out.resize(body + secret.len(), 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, u64::from(self.index));
                cipher
                    .encrypt(&iv, secret, &mut out[body..])
                    .expect("encryption of a packet");
                out.extend_from_slice(&index);
                let tag = hmac(authentication, &[&out[start..]]);
                out.extend_from_slice(&tag[..CM_TAG]);
            }
            Cipher::Gcm(cipher, salt) => {
                out.resize(body + secret.len() + GCM_TAG, 0);
                let iv = AeadAes128Gcm::rtcp_iv(*salt, ssrc, self.index);
                let aad = [clear, &index].concat();
                cipher
                    .encrypt(&iv, &aad, secret, &mut out[body..])
                    .expect("encryption of a packet");
                out.extend_from_slice(&index);
            }
        }
    }

    /// The compound packet inside, and its index, of which a sender uses each once; `None` if it is
    /// not authentic or was sent in clear.
    pub fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<(u32, Vec<u8>)> {
        let clear = packet.get(..RTCP_CLEAR)?;
        let ssrc = ssrc(packet, 4);
        let trailer = match &self.rtcp {
            Cipher::Cm { .. } => INDEX + CM_TAG,
            _ => INDEX,
        };
        let end = packet.len().checked_sub(trailer)?;
        let secret = packet.get(RTCP_CLEAR..end)?;
        let index_bytes: [u8; 4] = packet.get(end..end + INDEX)?.try_into().ok()?;
        let index = u32::from_be_bytes(index_bytes);
        if index & ENCRYPTED == 0 {
            return None;
        }
        let index = index & !ENCRYPTED;
        let mut out = clear.to_vec();
        match &mut self.rtcp {
            Cipher::Cm {
                cipher,
                salt,
                authentication,
            } => {
                let tag = hmac(authentication, &[&packet[..end + INDEX]]);
                if !equal(&tag[..CM_TAG], &packet[end + INDEX..]) {
                    return None;
                }
                out.resize(RTCP_CLEAR + secret.len() + BLOCKS, 0);
                let iv = Aes128CmSha1_80::rtp_iv(*salt, ssrc, u64::from(index));
                cipher.decrypt(&iv, secret, &mut out[RTCP_CLEAR..]).ok()?;
                out.truncate(RTCP_CLEAR + secret.len());
            }
            Cipher::Gcm(cipher, salt) => {
                out.resize(RTCP_CLEAR + secret.len(), 0);
                let iv = AeadAes128Gcm::rtcp_iv(*salt, ssrc, index);
                let length = cipher
                    .decrypt(&iv, &[clear, &index_bytes], secret, &mut out[RTCP_CLEAR..])
                    .ok()?;
                out.truncate(RTCP_CLEAR + length);
            }
        }
        Some((index, out))
    }
}

/// Takes as long whatever differs.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differs == 0
}

fn ssrc(packet: &[u8], at: usize) -> u32 {
    packet
        .get(at..at + 4)
        .map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

fn gcm_iv(salt: [u8; 12], ssrc: u32, sequence: u64) -> [u8; 12] {
    AeadAes128Gcm::rtp_iv(salt, ssrc, (sequence >> 16) as u32, sequence as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(profile: SrtpProfile, length: usize) -> (Context, Context) {
        let bytes: Vec<u8> = (0..length as u8).collect();
        let material = KeyingMaterial::new(&bytes);
        let out = Context::new(&material, profile, true, true).unwrap();
        let input = Context::new(&material, profile, true, false).unwrap();
        (out, input)
    }

    const PROFILES: [(SrtpProfile, usize); 3] = [
        (SrtpProfile::AES128_CM_SHA1_80, 60),
        (SrtpProfile::AEAD_AES_128_GCM, 56),
        (SrtpProfile::AEAD_AES_256_GCM, 88),
    ];

    #[test]
    fn packets_survive_and_damage_does_not() {
        for (profile, length) in PROFILES {
            let (mut out, mut input) = pair(profile, length);
            let header = [0x80, 111, 0, 7, 0, 0, 3, 192, 1, 2, 3, 4];
            let sequence = (3 << 16) + 7;
            let mut packet = Vec::new();
            out.protect(&header, b"twenty milliseconds", sequence, &mut packet);
            assert_ne!(&packet[12..31], b"twenty milliseconds");
            let mut plain = b"before ".to_vec();
            let mut unprotect = |packet: &[u8], sequence| {
                let done = input.unprotect(packet, 12, sequence, &mut plain);
                (done.is_some(), plain.clone())
            };
            let whole = b"before twenty milliseconds".to_vec();
            assert_eq!(unprotect(&packet, sequence), (true, whole.clone()));
            assert_eq!(
                unprotect(&packet, sequence + 65_536),
                (false, whole.clone())
            );
            packet[14] ^= 1;
            assert_eq!(unprotect(&packet, sequence), (false, whole.clone()));
            assert_eq!(unprotect(&packet[..12], sequence), (false, whole.clone()));
            assert_eq!(unprotect(&packet[..10], sequence), (false, whole));
        }
    }

    #[test]
    fn reports_survive_and_damage_does_not() {
        for (profile, length) in PROFILES {
            let (mut out, mut input) = pair(profile, length);
            let report = [0x80, 201, 0, 1, 9, 9, 9, 9, 0x81, 202, 0, 1, 1, 2, 3, 4];
            for index in 1..3 {
                let mut packet = Vec::new();
                out.protect_rtcp(&report, &mut packet);
                let plain = input.unprotect_rtcp(&packet);
                assert_eq!(plain, Some((index, report.to_vec())));
            }
            let mut packet = Vec::new();
            out.protect_rtcp(&report, &mut packet);
            packet[9] ^= 1;
            assert_eq!(input.unprotect_rtcp(&packet), None);
            for cut in 0..packet.len() {
                assert_eq!(input.unprotect_rtcp(&packet[..cut]), None);
            }
        }
    }
}
