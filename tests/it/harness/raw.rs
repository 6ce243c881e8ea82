//! Bytes on a connection, for what no HTTP library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::TestServer;

/// Sends bytes and gives everything that comes back until the server closes the connection. Send `Connection: close`
/// where the server would not.
pub(crate) async fn exchange(server: &TestServer, bytes: impl AsRef<[u8]>) -> String {
    let mut connection = connect(server).await;
    // The server may answer and close before it has read everything: that is no failure of the test.
    let _ = connection.write_all(bytes.as_ref()).await;
    rest(&mut connection).await
}

pub(crate) async fn connect(server: &TestServer) -> TcpStream {
    let address: SocketAddr = server
        .address
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Everything that comes until the server closes the connection.
pub(crate) async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await; // A reset ends it too.
    String::from_utf8_lossy(&answer).into_owned()
}
