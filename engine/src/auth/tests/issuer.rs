//! A small issuer.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};

use super::*;

/// An issuer on loopback that does as it is told.
#[derive(Default)]
pub struct Issuer {
    pub body: Mutex<String>,
    fetches: AtomicUsize,
    pub hangs: AtomicBool,
    pub fails: AtomicBool,
}

impl Issuer {
    pub async fn start(keys: &[Value]) -> (Arc<Self>, KeySource) {
        let issuer = Arc::new(Self::default());
        issuer.publish(keys);
        let this = Arc::clone(&issuer);
        let answer = move || {
            let this = Arc::clone(&this);
            async move { this.answer().await }
        };
        let elsewhere = || async { (StatusCode::FOUND, [("location", "/jwks")]) };
        let routes = Router::new().route("/jwks", get(answer)).route("/moved", get(elsewhere));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (issuer, KeySource::Url(address))
    }

    async fn answer(&self) -> (StatusCode, String) {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        let fails = self.fails.load(Ordering::SeqCst);
        let status = if fails { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
        (status, self.body.lock().unwrap().clone())
    }

    pub fn publish(&self, keys: &[Value]) {
        *self.body.lock().unwrap() = json!({"keys": keys}).to_string();
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}
