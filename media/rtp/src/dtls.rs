//! DTLS of many connections with one configuration.
//!
//! str0m's own provider makes a configuration for each connection, and each is validated by key
//! exchanges with itself: half a millisecond that everybody who joins would wait for, and everybody
//! behind them.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
};
use str0m::crypto::{CryptoError, from_feature_flags};

/// Makes connections.
#[derive(Debug)]
pub struct Provider;

/// The one configuration; none where it does not stand its validation.
fn configuration() -> Option<Arc<dimpl::Config>> {
    static CONFIGURATION: OnceLock<Option<Arc<dimpl::Config>>> = OnceLock::new();
    CONFIGURATION
        .get_or_init(|| {
            // ICE has verified that the other side is where it says: a cookie would do so again.
            let config = dimpl::Config::builder().use_server_cookie(false).build();
            config.ok().map(Arc::new)
        })
        .clone()
}

impl DtlsProvider for Provider {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let config = configuration().filter(|config| mtu.is_none_or(|mtu| mtu == config.mtu()));
        let Some(config) = config else {
            return from_feature_flags()
                .dtls_provider
                .new_dtls(cert, now, version, mtu);
        };
        let dtls = match version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, cert.clone(), now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, cert.clone(), now),
            _ => dimpl::Dtls::new_auto(config, cert.clone(), now),
        };
        Ok(Box::new(Connection(dtls)))
    }
}

struct Connection(dimpl::Dtls);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl DtlsInstance for Connection {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
