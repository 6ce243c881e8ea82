//! A server that rules send requests to, and names that lead to it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rulemint::rule::Resolver;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on this machine. It remembers what it was asked, and ends with the test.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Value>>>,
    serving: JoinHandle<()>,
}

impl Upstream {
    /// Answers by path: `/echo` with what it was asked, `/never`, `/late` after 150 ms, `/large` with 200,000 bytes,
    /// `/moved` with a redirect to `/elsewhere`, and anything else with `{"well":true}`.
    pub(crate) async fn start() -> Self {
        let asked = Arc::<Mutex<Vec<Value>>>::default();
        let app = axum::Router::new()
            .fallback(answer)
            .with_state(asked.clone());
        let (listener, connections) = Counting::bind().await;
        let address = listener.0.local_addr().unwrap();
        Self {
            address,
            connections,
            asked,
            serving: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }),
        }
    }

    /// Answers every connection with these bytes and closes it.
    pub(crate) async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let (mut listener, connections) = Counting::bind().await;
        let address = listener.0.local_addr().unwrap();
        let serving = async move {
            loop {
                let (mut connection, _) = axum::serve::Listener::accept(&mut listener).await;
                let _ = connection.read(&mut [0; 4096]).await;
                let _ = connection.write_all(&bytes).await;
            }
        };
        Self {
            address,
            connections,
            asked: Arc::default(),
            serving: tokio::spawn(serving),
        }
    }

    /// As a manifest lists it.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often somebody connected.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// The paths it was asked for so far.
    pub(crate) fn paths(&self) -> Vec<Value> {
        let asked = self.asked();
        asked.iter().map(|asked| asked["path"].clone()).collect()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(asked): State<Arc<Mutex<Vec<Value>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let this = json!({
        "method": parts.method.as_str(),
        "path": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    asked.lock().unwrap().push(this.clone());
    match parts.uri.path() {
        "/echo" => Json(this).into_response(),
        "/never" => std::future::pending().await,
        "/late" => {
            tokio::time::sleep(Duration::from_millis(150)).await;
            Json(json!({ "late": true })).into_response()
        }
        "/large" => "x".repeat(200_000).into_response(),
        "/moved" => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        _ => Json(json!({ "well": true })).into_response(),
    }
}

/// A listener that counts.
struct Counting(TcpListener, Arc<AtomicUsize>);

impl Counting {
    async fn bind() -> (Self, Arc<AtomicUsize>) {
        let count = Arc::<AtomicUsize>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (Self(listener, Arc::clone(&count)), count)
    }
}

impl axum::serve::Listener for Counting {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let accepted = self.0.accept().await.unwrap();
        self.1.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// Answers every lookup with the next of these lists of addresses, and in the end always with the last.
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    lookups: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn leading_to(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |text: &&str| text.parse().unwrap();
        let answers = answers.iter();
        Arc::new(Self {
            answers: answers
                .map(|answer| answer.iter().map(parsed).collect())
                .collect(),
            lookups: Mutex::default(),
        })
    }

    /// The names that were looked up.
    pub(crate) fn lookups(&self) -> Vec<String> {
        self.lookups.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut lookups = self.lookups.lock().unwrap();
        let index = lookups.len().min(self.answers.len() - 1);
        lookups.push(name.to_owned());
        Ok(self.answers[index].clone())
    }
}
