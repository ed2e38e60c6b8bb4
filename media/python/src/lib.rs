//! Python face of the media engine: the module `hubbub_media`.
//!
//! Thin on purpose: bytes in, bytes out (msgpack, see `hubbub.meetings.media`). The engine's threads
//! never take the interpreter's lock; only a caller of these methods holds it.

use hubbub_engine::net::{Config, Engine as Inner, StartError};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Thousands of datagrams a second are allocated here and freed there: glibc's allocator takes twice
/// as long for it. Only this module's memory is its affair, not Python's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The engine's threads and sockets. They end with `close`.
#[pyclass(frozen)]
struct Engine(Inner);

#[pymethods]
impl Engine {
    /// Binds the sockets. ValueError: `config` makes no sense; OSError: they cannot be bound.
    #[new]
    fn new(py: Python<'_>, config: &[u8]) -> PyResult<Engine> {
        let config: Config = rmp_serde::from_slice(config)
            .map_err(|error| PyValueError::new_err(format!("media engine: {error}")))?;
        py.detach(|| Inner::start(&config))
            .map(Engine)
            .map_err(|error| match error {
                StartError::Config(_) => PyValueError::new_err(error.to_string()),
                StartError::Io(_) => PyOSError::new_err(error.to_string()),
            })
    }

    /// SHA-256 of the DTLS certificate: `AB:CD:…`.
    fn fingerprint(&self) -> &str {
        self.0.fingerprint()
    }

    /// The port that was bound, for UDP and TCP.
    fn port(&self) -> u16 {
        self.0.port()
    }

    /// A descriptor that is readable while events wait.
    fn fileno(&self) -> i32 {
        self.0.event_fd()
    }

    /// Hands over a list of commands. ValueError: malformed, and none of them was taken.
    fn command(&self, data: &[u8]) -> PyResult<()> {
        self.0
            .command(data)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The events that wait, as a list.
    fn events<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.events())
    }

    /// Counters and gauges by name.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let stats = rmp_serde::to_vec_named(&self.0.stats())
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PyBytes::new(py, &stats))
    }

    /// Stops the threads. Idempotent.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}

/// Runs the headless attendee's command line; its exit code.
#[pyfunction]
fn attend(py: Python<'_>, arguments: Vec<String>) -> i32 {
    py.detach(|| hubbub_attendee::attend(arguments))
}

/// The media engine of Hubbub.
#[pymodule]
fn hubbub_media(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Engine>()?;
    module.add_function(wrap_pyfunction!(attend, module)?)
}
