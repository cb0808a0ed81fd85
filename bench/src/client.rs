//! HTTP/1.1 on one kept connection: one request, one answer, no more work than that.
//!
//! A general client would cost the generator as much as the server costs, and the two share a
//! machine.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// No answer in this time is a wrong answer.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_AT_LEAST: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// Where to send requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `host:port`, for the connection and the Host header.
    pub authority: String,
    /// The path, beginning with a slash.
    pub path: String,
}

impl Target {
    /// Reads `http://host:port/path`.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let rest = url.strip_prefix("http://").context("the URL must begin with http://")?;
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        let authority =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority, path })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The whole body, without transfer coding.
    pub body: &'a [u8],
}

/// A connection that is kept open, with at most one request in flight.
pub struct Connection {
    stream: TcpStream,
    incoming: Vec<u8>,
    unchunked: Vec<u8>,
}

impl Connection {
    /// Connects, with `TCP_NODELAY`.
    pub async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority)
            .await
            .with_context(|| format!("{authority} cannot be reached"))?;
        stream.set_nodelay(true)?;
        let incoming = Vec::with_capacity(READ_AT_LEAST);
        Ok(Self { stream, incoming, unchunked: Vec::new() })
    }

    /// Sends one request and reads its answer. After an error the connection is of no more use.
    pub async fn call(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        let whole = tokio::time::timeout(PATIENCE, self.exchange(request))
            .await
            .with_context(|| format!("no answer in {} s", PATIENCE.as_secs()))??;
        let body = match whole.body {
            Body::Sized { start } => self.incoming.get(start..).unwrap_or_default(),
            Body::Chunked => self.unchunked.as_slice(),
        };
        Ok(Answer { status: whole.status, body })
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Whole> {
        self.incoming.clear();
        self.stream.write_all(request).await.context("the request cannot be sent")?;
        let head = loop {
            self.read_more().await?;
            if let Some(head) = Head::parse(&self.incoming)? {
                break head;
            }
        };
        let body = match head.framing {
            Framing::Length(length) => {
                let end = head.bytes + length;
                while self.incoming.len() < end {
                    self.read_more().await?;
                }
                if self.incoming.len() > end {
                    bail!("more bytes came than the answer has");
                }
                Body::Sized { start: head.bytes }
            }
            Framing::Chunked => {
                while !self.unchunk(head.bytes)? {
                    self.read_more().await?;
                }
                Body::Chunked
            }
        };
        Ok(Whole { status: head.status, body })
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        self.incoming.reserve(READ_AT_LEAST);
        let read = self.stream.read_buf(&mut self.incoming).await.context("no answer came")?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }

    /// Joins the chunks; false where some are still to come.
    fn unchunk(&mut self, start: usize) -> anyhow::Result<bool> {
        self.unchunked.clear();
        let mut rest = self.incoming.get(start..).unwrap_or_default();
        loop {
            let size = httparse::parse_chunk_size(rest)
                .map_err(|_| anyhow::anyhow!("a chunk's size cannot be read"))?;
            let httparse::Status::Complete((line, size)) = size else { return Ok(false) };
            let size = usize::try_from(size)?;
            let (Some(chunk), Some(after)) =
                (rest.get(line..line + size), rest.get(line + size + 2..))
            else {
                return Ok(false);
            };
            if size == 0 {
                return Ok(true);
            }
            self.unchunked.extend_from_slice(chunk);
            rest = after;
        }
    }
}

struct Whole {
    status: u16,
    body: Body,
}

enum Body {
    Sized { start: usize },
    Chunked,
}

struct Head {
    status: u16,
    bytes: usize,
    framing: Framing,
}

enum Framing {
    Length(usize),
    Chunked,
}

impl Head {
    /// Reads the head; `None` where it is not there yet.
    fn parse(incoming: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(bytes) =
            response.parse(incoming).context("the answer is not HTTP")?
        else {
            return Ok(None);
        };
        let status = response.code.context("the answer has no status")?;
        let mut framing = None;
        for header in response.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                let length = std::str::from_utf8(header.value)?.trim().parse()?;
                framing = Some(Framing::Length(length));
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Some(Framing::Chunked);
            }
        }
        let framing = match (framing, status) {
            (Some(framing), _) => framing,
            (None, 204 | 304) => Framing::Length(0),
            (None, _) => bail!("the answer says neither its length nor that it is chunked"),
        };
        Ok(Some(Self { status, bytes, framing }))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with these pieces, each sent on its own.
    async fn serve_once(pieces: &'static [&'static [u8]]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            let _ = stream.read(&mut request).await.unwrap();
            for piece in pieces {
                stream.write_all(piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Connection::open(&address).await.unwrap()
    }

    #[test]
    fn urls_are_taken_apart() {
        let target = Target::parse("http://127.0.0.1:3000/mcp").unwrap();
        assert_eq!(target.authority, "127.0.0.1:3000");
        assert_eq!(target.path, "/mcp");
        assert_eq!(Target::parse("http://localhost").unwrap().authority, "localhost:80");
        assert!(Target::parse("https://localhost").is_err());
    }

    #[tokio::test]
    async fn an_answer_in_pieces_is_joined() {
        let mut connection =
            serve_once(&[b"HTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n\r\nhe", b"llo"]).await;
        let answer = connection.call(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!((answer.status, answer.body), (200, b"hello".as_slice()));
    }

    #[tokio::test]
    async fn chunks_are_joined() {
        let mut connection = serve_once(&[
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nl",
            b"lo\r\n0\r\n\r\n",
        ])
        .await;
        let answer = connection.call(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(answer.body, b"hello");
    }

    #[tokio::test]
    async fn a_connection_that_ends_early_is_an_error() {
        let mut connection = serve_once(&[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"]).await;
        assert!(connection.call(b"GET / HTTP/1.1\r\n\r\n").await.is_err());
    }
}
