//! DTLS of many connections with one configuration.
//!
//! str0m's own provider makes a configuration for each connection, and each is validated by key
//! exchanges with itself: half a millisecond that everybody who joins would wait for, and everybody
//! behind them.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, KeyingMaterial,
    ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{CryptoError, from_feature_flags};

/// Is told the keys of a connection when it has them, and whether it is the DTLS client's.
pub type Told = fn(&KeyingMaterial, SrtpProfile, bool);

/// Makes connections.
#[derive(Debug)]
pub struct Provider {
    /// Is told of each.
    pub told: Told,
}

/// The one configuration, and what it was asked for with. Others are made where others ask.
static SHARED: OnceLock<(Option<usize>, Arc<dimpl::Config>)> = OnceLock::new();

fn configuration(mtu: Option<usize>) -> Result<Arc<dimpl::Config>, CryptoError> {
    if let Some((_, shared)) = SHARED.get().filter(|(asked, _)| *asked == mtu) {
        return Ok(Arc::clone(shared));
    }
    // ICE has verified that the other side is where it says: a cookie would do so again.
    let mut builder = dimpl::Config::builder().use_server_cookie(false);
    if let Some(mtu) = mtu {
        builder = builder.mtu(mtu);
    }
    let failed = |error| CryptoError::Other(format!("DTLS cannot be configured: {error}"));
    let config = Arc::new(builder.build().map_err(failed)?);
    SHARED.get_or_init(|| (mtu, Arc::clone(&config)));
    Ok(config)
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
        let config = configuration(mtu)?;
        let dtls = match version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, cert.clone(), now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, cert.clone(), now),
            _ => dimpl::Dtls::new_auto(config, cert.clone(), now),
        };
        let told = self.told;
        Ok(Box::new(Connection { dtls, told }))
    }
}

struct Connection {
    dtls: dimpl::Dtls,
    told: Told,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl DtlsInstance for Connection {
    fn set_active(&mut self, active: bool) {
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.dtls.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            (self.told)(material, *profile, self.dtls.is_active());
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_ask_alike_share_one_configuration() {
        let first = configuration(Some(1200)).unwrap();
        assert!(Arc::ptr_eq(&first, &configuration(Some(1200)).unwrap()));
        let other = configuration(Some(900)).unwrap();
        assert_eq!((first.mtu(), other.mtu()), (1200, 900));
        assert!(configuration(Some(1)).is_err());
        assert!(Arc::ptr_eq(&first, &configuration(Some(1200)).unwrap()));
    }
}
