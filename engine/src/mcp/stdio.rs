//! One local client over standard input and output: a message a line, each way.
//!
//! A client that introduces itself, by `initialize` or by naming its revision, has its calls run at the same
//! time and can cancel them. Whoever pipes a few lines into the program introduces nobody, and means one after
//! the other.

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    sync::Arc,
};

use rmcp::{ErrorData, model::ErrorCode};
use serde_json::Value;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{CallInfo, Dispatcher, Message, Revision, results};
use crate::tool::{Caller, ConversationId};

/// The longest line, in bytes: as long as a body over HTTP.
const LONGEST: usize = 1 << 20;
/// How many calls may run at once. At more, the next line waits to be read.
const MOST_CALLS: usize = 64;

impl Dispatcher {
    /// Serves one client over standard input and output until it goes, and answers what it asked until then.
    ///
    /// # Errors
    /// When standard input or output fails.
    pub async fn serve_stdio(&self, caller: Arc<Caller>) -> anyhow::Result<()> {
        // One client, from its start to its end, is one conversation.
        let conversation = ConversationId::parse(&uuid::Uuid::now_v7().to_string()).ok();
        let info =
            CallInfo { caller, conversation, verification: None, toolset: None, request_id: None };
        let mut client = Client {
            dispatcher: self.clone(),
            info,
            output: tokio::io::stdout(),
            introduced: false,
            calls: JoinSet::new(),
            running: HashMap::new(),
        };
        match client.serve(BufReader::new(tokio::io::stdin())).await {
            // It went without hearing its answer.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            served => Ok(served?),
        }
    }
}

/// A client, and what it waits for.
struct Client<W> {
    dispatcher: Dispatcher,
    info: CallInfo,
    output: W,
    introduced: bool,
    /// Each ends with the id of its request and its answer.
    calls: JoinSet<(String, String)>,
    /// By the ids of their requests, as they are written.
    running: HashMap<String, CancellationToken>,
}

impl<W: AsyncWrite + Unpin> Client<W> {
    async fn serve(&mut self, input: impl AsyncBufRead + Unpin) -> io::Result<()> {
        let mut lines = Lines { input, line: Vec::new(), too_long: false };
        loop {
            tokio::select! {
                line = lines.next(), if self.calls.len() < MOST_CALLS => match line? {
                    Some(line) => self.take(line).await?,
                    None => break,
                },
                Some(ended) = self.calls.join_next() => self.end(ended.ok()).await?,
            }
        }
        while let Some(ended) = self.calls.join_next().await {
            self.end(ended.ok()).await?;
        }
        Ok(())
    }

    /// Answers a line, or begins to.
    async fn take(&mut self, line: Line) -> io::Result<()> {
        let Line::Whole(line) = line else {
            let message = format!("A line has at most {LONGEST} bytes.");
            let error = ErrorData::new(ErrorCode::INVALID_REQUEST, message, None);
            return self.say(&results::error(&Value::Null, &error)).await;
        };
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let message = match Message::read(&line) {
            Ok(message) => message,
            Err(malformed) => {
                let id = malformed.id.clone();
                return self.say(&results::error(&id, &malformed.into_error())).await;
            }
        };
        let (Some(method), Some(id)) = (&message.method, &message.id) else {
            self.hear(&message);
            return Ok(());
        };
        self.introduced |= method == "initialize" || message.params.version().is_some();
        let revision = match Dispatcher::revision(&message) {
            Ok(revision) => revision,
            Err(error) => return self.say(&results::error(id, &error)).await,
        };
        if method == "tools/call" && self.introduced {
            self.begin(id.to_string(), message, revision);
            return Ok(());
        }
        let cancelled = self.dispatcher.cancellation();
        let answer = self.dispatcher.answer(message, revision, &self.info, cancelled).await;
        self.say(&answer.body).await
    }

    /// Takes note of what is told. Of that, only `notifications/cancelled` means anything here.
    fn hear(&self, message: &Message) {
        let of = message.params.given.get("requestId").map(ToString::to_string);
        if message.method.as_deref() == Some("notifications/cancelled")
            && let Some(cancelled) = of.and_then(|id| self.running.get(&id))
        {
            cancelled.cancel();
        }
    }

    /// Runs a call beside what else the client asks.
    fn begin(&mut self, id: String, message: Message, revision: Revision) {
        let cancelled = self.dispatcher.cancellation();
        self.running.insert(id.clone(), cancelled.clone());
        let (dispatcher, info) = (self.dispatcher.clone(), self.info.clone());
        self.calls.spawn(async move {
            let answer = dispatcher.answer(message, revision, &info, cancelled).await;
            (id, answer.body)
        });
    }

    /// Tells the answer of a call that has ended. One that was cancelled has none.
    async fn end(&mut self, ended: Option<(String, String)>) -> io::Result<()> {
        let Some((id, answer)) = ended else { return Ok(()) };
        match self.running.remove(&id) {
            Some(cancelled) if cancelled.is_cancelled() => Ok(()),
            _ => self.say(&answer).await,
        }
    }

    async fn say(&mut self, message: &str) -> io::Result<()> {
        self.output.write_all(message.as_bytes()).await?;
        self.output.write_all(b"\n").await?;
        self.output.flush().await
    }
}

/// Lines of bounded length. One of which a part was read is not lost when reading is given up.
struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// The line that is being read was longer than it may be; what is left of it is skipped.
    too_long: bool,
}

#[derive(Debug, PartialEq)]
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line, also the last where no line break ends it; `None` behind the end.
    async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let bytes = self.input.fill_buf().await?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let is_end = end.is_some() || bytes.is_empty();
            let (part, _) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.too_long |= self.line.len() + part.len() > LONGEST;
            if self.too_long {
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(part);
            }
            let nothing_left = bytes.is_empty() && self.line.is_empty() && !self.too_long;
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            if nothing_left {
                return Ok(None);
            }
            if is_end {
                let line = std::mem::take(&mut self.line);
                let too_long = std::mem::take(&mut self.too_long);
                return Ok(Some(if too_long { Line::TooLong } else { Line::Whole(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_whole_and_long_ones_are_skipped() {
        let long = "x".repeat(LONGEST);
        let text = format!("one\n\n{long}\n{long}y\ntwo\nlast");
        let input = BufReader::with_capacity(1000, text.as_bytes());
        let mut lines = Lines { input, line: Vec::new(), too_long: false };
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            read.push(line);
        }
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        let expected =
            [whole("one"), whole(""), whole(&long), Line::TooLong, whole("two"), whole("last")];
        assert!(read == expected, "{} lines", read.len());
    }
}
