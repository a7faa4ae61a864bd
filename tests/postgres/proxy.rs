//! A wire to the server that can be cut at the worst moment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Passes everything on, until a statement that holds `words` was followed by a commit: the commit still gets through, its
/// answer does not, and from then on nothing does.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn start(server: SocketAddr, words: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (addr, cut) = (listener.local_addr().unwrap(), Arc::<AtomicBool>::default());
        let shared = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(server).unwrap();
                pass(client, server, words, &shared);
            }
        });
        Self { addr, cut }
    }

    /// Was the wire cut?
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

fn pass(client: TcpStream, server: TcpStream, words: &'static str, cut: &Arc<AtomicBool>) {
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back_cut = Arc::clone(cut);
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            // The server is heard to the end: if nobody listened, it would give up what it was asked.
            if back_cut.load(Ordering::SeqCst) {
                drop(to.shutdown(Shutdown::Both));
            } else if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    });
    let (mut from, mut to, cut) = (client, server, Arc::clone(cut));
    std::thread::spawn(move || {
        let (mut buffer, mut seen) = ([0; 8192], false);
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..n]);
            seen |= text.contains(words);
            if seen && text.contains("commit") {
                cut.store(true, Ordering::SeqCst);
            }
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        // The server finishes what it was asked before it sees that nobody is there.
        drop(to.shutdown(Shutdown::Write));
    });
}
