//! The work of the bench on tokio, as its users write a server: a task for each connection, on the
//! current-thread runtime.
//!
//!     server close|keep|big|udp PORT

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddrV4};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

const REQUEST: usize = 64;
const THANKS: &[u8] = b"thank you !";
const BACKLOG: u32 = 4096;

/// Receives once, thanks, and closes as the stream is dropped.
async fn thank_and_close(mut stream: TcpStream) -> Result<()> {
    let mut input = [0; 4096];
    let _ = stream.read(&mut input).await?;
    stream.write_all(THANKS).await
}

/// Answers each request of 64 bytes; those that came together in one write.
async fn keep(mut stream: TcpStream, reply: &'static [u8]) -> Result<()> {
    let mut input = [0; 4096];
    let mut partial = 0;
    let mut output = Vec::new();
    loop {
        let count = stream.read(&mut input).await?;
        if count == 0 {
            return Ok(());
        }
        let bytes = partial + count;
        partial = bytes % REQUEST;
        match bytes / REQUEST {
            0 => {}
            1 => stream.write_all(reply).await?,
            requests => {
                output.clear();
                for _ in 0..requests {
                    output.extend_from_slice(reply);
                }
                stream.write_all(&output).await?
            }
        }
    }
}

/// Accepts for ever; a connection that fails is that connection's matter only.
async fn accept(work: &str, address: SocketAddrV4) -> Result<()> {
    let reply: &'static [u8] = match work {
        "big" => Box::leak(vec![b'x'; 1 << 20].into_boxed_slice()),
        _ => THANKS,
    };
    let closes = work == "close";
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address.into())?;
    let listener = socket.listen(BACKLOG)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let _ = match closes {
                true => thank_and_close(stream).await,
                false => keep(stream, reply).await,
            };
        });
    }
}

/// Thanks for each datagram.
async fn datagrams(address: SocketAddrV4) -> Result<()> {
    let socket = UdpSocket::bind(address).await?;
    let mut input = [0; 2048];
    loop {
        let (_, peer) = socket.recv_from(&mut input).await?;
        let _ = socket.send_to(THANKS, peer).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let port = arguments.get(2).and_then(|port| port.parse().ok());
    let (Some(work), Some(port)) = (arguments.get(1), port) else {
        eprintln!("usage: server close|keep|big|udp PORT");
        std::process::exit(64);
    };
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    match work.as_str() {
        "udp" => datagrams(address).await,
        work => accept(work, address).await,
    }
}
