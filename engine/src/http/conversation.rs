//! The conversation that a header names, and a word in the log about a platform that names none.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::tool::{Caller, ConversationId, NotAConversation};

/// How many lines about headers that name no conversation are logged until the server starts anew.
const MOST_TOLD: usize = 1_000;

/// The headers that name a conversation, in the order in which they count.
pub struct ConversationHeaders {
    names: Vec<HeaderName>,
    /// What the log has been told already.
    told: Mutex<HashSet<Unusable>>,
}

/// What was wrong with a header of one platform, which is known by its token.
#[derive(PartialEq, Eq, Hash)]
struct Unusable {
    tenant: Arc<str>,
    principal: Arc<str>,
    header: HeaderName,
    why: NotAConversation,
}

impl ConversationHeaders {
    /// Reads the names of the headers.
    ///
    /// # Errors
    /// A sentence with the name that no header can have.
    pub fn parse(names: &[String]) -> Result<Self, String> {
        let read = |name: &String| {
            HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| format!("CONVERSATION_HEADERS: {name} is not a header name"))
        };
        let names = names.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { names, told: Mutex::default() })
    }

    /// The names of the headers.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.names.iter()
    }

    /// The first conversation that a header names. One that was not filled in does not hide the next.
    pub fn read(&self, headers: &HeaderMap, caller: &Caller) -> Option<ConversationId> {
        for name in &self.names {
            for value in headers.get_all(name) {
                match conversation(value) {
                    Ok(id) => return Some(id),
                    Err(why) => self.tell(caller, name, why),
                }
            }
        }
        None
    }

    /// Logs once for each caller, header and reason. The value itself may be a person's number.
    fn tell(&self, caller: &Caller, header: &HeaderName, why: NotAConversation) {
        let unusable = Unusable {
            tenant: caller.tenant.clone(),
            principal: caller.subject.clone(),
            header: header.clone(),
            why,
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST_TOLD || !told.insert(unusable) {
            return;
        }
        drop(told);
        tracing::warn!(
            tenant = &*caller.tenant,
            principal = &*caller.subject,
            %header,
            %why,
            "a header names no conversation, so a verified caller is known by the handle only"
        );
    }
}

fn conversation(value: &HeaderValue) -> Result<ConversationId, NotAConversation> {
    ConversationId::parse(value.to_str().map_err(|_| NotAConversation::Unreadable)?)
}
