//! The keys of SRTP, which the transport has and does not tell. Its DTLS is ours to give, though, and
//! one that remembers the last keys costs nothing.

use std::cell::RefCell;

use hubbub_rtp::dtls::Provider;
use hubbub_rtp::srtp::Context;
use str0m::crypto::CryptoProvider;
use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};

/// What encrypts, and what decrypts.
pub struct Keys {
    pub outgoing: Context,
    pub incoming: Context,
}

thread_local! {
    static KEYS: RefCell<Option<Keys>> = RefCell::default();
}

static DTLS: Provider = Provider { told: note };

/// The cryptography of all transports of this process.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        dtls_provider: &DTLS,
        ..*hubbub_rtp::provider()
    }
}

/// Runs `work`, in which a transport may get its keys: then they come, too.
pub fn keys<T>(work: impl FnOnce() -> T) -> (T, Option<Keys>) {
    KEYS.set(None);
    let done = work();
    (done, KEYS.take())
}

fn note(material: &KeyingMaterial, profile: SrtpProfile, client: bool) {
    let context = |client, encrypt| Context::new(material, profile, client, encrypt);
    let pair = context(client, true).zip(context(!client, false));
    KEYS.set(pair.map(|(outgoing, incoming)| Keys { outgoing, incoming }));
}
