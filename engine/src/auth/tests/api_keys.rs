//! API keys, as a database will hold them.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::BoxFuture;

use super::{
    api_key::{LookupFailed, NewKey, StoredKey, generate},
    *,
};

#[derive(Default)]
struct Store {
    key: Mutex<Option<StoredKey>>,
    down: bool,
    reads: AtomicUsize,
}

impl ApiKeys for Store {
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<StoredKey>, LookupFailed>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.key.lock().unwrap().clone().filter(|key| key.id == id);
        Box::pin(async move { if self.down { Err(LookupFailed) } else { Ok(found) } })
    }
}

fn stored(key: &NewKey) -> StoredKey {
    StoredKey {
        id: key.id.clone(),
        tenant: "demo".to_owned(),
        subject: format!("key:{}", key.id),
        scopes: AGENT.scopes(),
        role: Some(AGENT),
        hash: key.hash,
        expires_at: None,
        revoked_at: None,
    }
}

fn room(key: Option<StoredKey>) -> (Arc<Store>, Authenticator) {
    let store = Arc::new(Store { key: Mutex::new(key), ..Store::default() });
    let keys: Arc<dyn ApiKeys> = Arc::clone(&store) as _;
    (store, Authenticator::new(&development(), Some(keys)).unwrap())
}

#[tokio::test]
async fn a_key_opens_its_tenant_and_nothing_else_does() {
    let key = generate();
    let (_, room) = room(Some(stored(&key)));
    let caller = room.authenticate(&key.plaintext, now()).await.unwrap();
    assert_eq!((&*caller.tenant, &*caller.subject), ("demo", &*format!("key:{}", key.id)));
    assert_eq!(caller.role, Some(AGENT));
    assert_eq!(caller.scopes, AGENT.scopes());

    let other = generate().plaintext;
    let (_, other_secret) = api_key::parse(&other).unwrap();
    let wrong_secret = format!("bmk_{}_{other_secret}", key.id);
    for wrong in [other.as_str(), &wrong_secret, "bmk_", "bmk_' or 1=1_x"] {
        assert_eq!(room.authenticate(wrong, now()).await, Err(Rejected::ApiKey), "{wrong}");
    }
    assert_eq!(
        authenticator().authenticate(&key.plaintext, now()).await,
        Err(Rejected::ApiKey),
        "without a store there are no keys"
    );
}

#[tokio::test]
async fn a_revoked_key_is_out_within_seconds_or_at_once() {
    let key = generate();
    let (store, room) = room(Some(stored(&key)));
    for _ in 0..100 {
        assert!(room.authenticate(&key.plaintext, now()).await.is_ok());
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), 1, "the cache answers");

    store.key.lock().unwrap().as_mut().unwrap().revoked_at = Some(now());
    assert!(room.authenticate(&key.plaintext, after(4)).await.is_ok());
    let outcome = room.authenticate(&key.plaintext, after(5)).await;
    assert_eq!(outcome, Err(Rejected::ApiKeyRevoked));

    store.key.lock().unwrap().as_mut().unwrap().revoked_at = None;
    assert!(room.authenticate(&key.plaintext, after(6)).await.is_ok());
    *store.key.lock().unwrap() = None;
    room.forget(&key.id);
    assert_eq!(room.authenticate(&key.plaintext, after(6)).await, Err(Rejected::ApiKey));
}

#[tokio::test]
async fn a_key_ends_exactly_when_it_should() {
    let key = generate();
    let (_, room) = room(Some(StoredKey { expires_at: Some(after(3)), ..stored(&key) }));
    assert!(room.authenticate(&key.plaintext, now()).await.is_ok());
    assert!(room.authenticate(&key.plaintext, after(2)).await.is_ok());
    let outcome = room.authenticate(&key.plaintext, after(3)).await;
    assert_eq!(outcome, Err(Rejected::ApiKeyExpired));
}

#[tokio::test]
async fn a_database_that_is_down_is_not_the_keys_fault() {
    let store: Arc<dyn ApiKeys> = Arc::new(Store { down: true, ..Store::default() });
    let room = Authenticator::new(&development(), Some(store)).unwrap();
    let refused = room.authenticate(&generate().plaintext, now()).await.unwrap_err();
    assert!(refused.is_temporary());
    assert_eq!(refused.to_string(), "invalid_token");
}
