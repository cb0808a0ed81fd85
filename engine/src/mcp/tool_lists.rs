//! Answers to `tools/list`, kept as they are sent.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Revision;
use crate::tool::{Role, Scopes, Toolset};

/// What a list depends on: what the caller may do and asked for.
pub type ListKey = (Scopes, Option<&'static Role>, Option<Toolset>, Revision);

/// How many lists are kept. A server meets a handful; an issuer that gives each token scopes of its own must not
/// fill the memory.
const MOST: usize = 64;

/// The lists that were answered before.
#[derive(Default)]
pub struct ToolLists(RwLock<HashMap<ListKey, Arc<str>>>);

impl ToolLists {
    /// The list for these callers, if it is kept.
    pub fn get(&self, key: &ListKey) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps a list. A full store starts again, so that those who call now are served from it.
    pub fn keep(&self, key: ListKey, list: Arc<str>) {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= MOST {
            lists.clear();
        }
        lists.insert(key, list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Scope;

    #[test]
    fn many_kinds_of_callers_do_not_fill_the_memory() {
        let lists = ToolLists::default();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let scopes = |bits: usize| -> Scopes {
            let chosen = names.into_iter().enumerate().filter(|(n, _)| bits & (1 << n) != 0);
            chosen.map(|(_, name)| Scope::new(name)).collect()
        };
        for bits in 0..1_000 {
            let key = (scopes(bits), None, None, Revision::Modern);
            lists.keep(key.clone(), "[]".into());
            assert!(lists.get(&key).is_some(), "the one of this caller is there");
            assert!(lists.0.read().unwrap().len() <= MOST);
        }
    }
}
