//! A WebSocket that connects blocking and then never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::protocol::{CloseFrame, Message, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Error, WebSocket};

/// Time for each step of connecting.
const PATIENCE: Duration = Duration::from_secs(10);

/// TCP, or TLS over it.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.read(buf),
            Stream::Tls(tls) => tls.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.write(buf),
            Stream::Tls(tls) => tls.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(tcp) => tcp.flush(),
            Stream::Tls(tls) => tls.flush(),
        }
    }
}

/// What came.
#[derive(Debug)]
pub enum Received {
    /// A text or binary message.
    Message(Vec<u8>),
    /// The other side closed, with this code where it gave one.
    Closed(Option<u16>),
}

/// One open WebSocket.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket<Stream>,
    /// Something waits to be written.
    pub behind: bool,
}

impl Socket {
    /// Connects to `url` and offers `protocols`; returns when the upgrade is done.
    pub fn connect(
        url: &str,
        protocols: &[&str],
        headers: &[(&'static str, String)],
        tls: &Arc<ClientConfig>,
    ) -> io::Result<Socket> {
        let mut request = url.into_client_request().map_err(other)?;
        if !protocols.is_empty() {
            let value = HeaderValue::from_str(&protocols.join(", ")).map_err(other)?;
            request
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", value);
        }
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(other)?;
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        let secure = request.uri().scheme_str() == Some("wss");
        let host = request
            .uri()
            .host()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "no host in the URL"))?
            .trim_matches(['[', ']'])
            .to_owned();
        let port = request
            .uri()
            .port_u16()
            .unwrap_or(if secure { 443 } else { 80 });
        let tcp = dial(&host, port)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let stream = if secure {
            let name = ServerName::try_from(host).map_err(other)?;
            let connection = ClientConnection::new(tls.clone(), name).map_err(other)?;
            Stream::Tls(Box::new(StreamOwned::new(connection, tcp)))
        } else {
            Stream::Plain(tcp)
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(8 * 1024)
            .write_buffer_size(0);
        let (socket, _) = tungstenite::client::client_with_config(request, stream, Some(config))
            .map_err(other)?;
        socket.get_ref().tcp().set_nonblocking(true)?;
        Ok(Socket {
            socket,
            behind: false,
        })
    }

    /// The address that this machine has towards the server.
    pub fn local_ip(&self) -> io::Result<IpAddr> {
        Ok(self.socket.get_ref().tcp().local_addr()?.ip())
    }

    /// Sends a binary message, as far as the socket takes it.
    pub fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        self.write(Message::Binary(message.into()))
    }

    /// Sends a text message, as far as the socket takes it.
    pub fn send_text(&mut self, text: String) -> io::Result<()> {
        self.write(Message::Text(text.into()))
    }

    fn write(&mut self, message: Message) -> io::Result<()> {
        match self.socket.write(message) {
            Ok(()) => self.flush(),
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                self.behind = true;
                Ok(())
            }
            Err(e) if is_gone(&e) => Ok(()),
            Err(e) => Err(other(e)),
        }
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        match self.socket.flush() {
            Ok(()) => {
                self.behind = false;
                Ok(())
            }
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                self.behind = true;
                Ok(())
            }
            Err(e) if is_gone(&e) => Ok(()),
            Err(e) => Err(other(e)),
        }
    }

    /// The next message, if one is there.
    pub fn receive(&mut self) -> io::Result<Option<Received>> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(data)) => return Ok(Some(Received::Message(data.to_vec()))),
                Ok(Message::Text(text)) => {
                    return Ok(Some(Received::Message(text.as_bytes().to_vec())));
                }
                Ok(Message::Close(frame)) => {
                    self.flush()?;
                    return Ok(Some(Received::Closed(frame.map(|f| f.code.into()))));
                }
                Ok(_) => self.flush()?,
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Ok(Some(Received::Closed(None)));
                }
                Err(e) => return Err(other(e)),
            }
        }
    }

    /// Starts the closing handshake with 1000.
    pub fn close(&mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        // The connection is given up anyway.
        let _ = self.socket.close(Some(frame));
        let _ = self.flush();
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().tcp().as_fd()
    }
}

fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, format!("{host} has no address"));
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(tcp) => return Ok(tcp),
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// Whether the other side has gone. Why it went is for the reader to find: its Close may have come
/// before our bytes bounced.
fn is_gone(e: &Error) -> bool {
    match e {
        Error::ConnectionClosed | Error::AlreadyClosed => true,
        Error::Protocol(tungstenite::error::ProtocolError::SendAfterClosing) => true,
        Error::Io(e) => matches!(
            e.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected
        ),
        _ => false,
    }
}

fn other(why: impl std::fmt::Display) -> io::Error {
    io::Error::other(why.to_string())
}
