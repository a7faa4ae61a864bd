//! The door of a fake server on loopback: it takes every connection, gives each a thread of its own, and keeps nothing of
//! it once it has ended but the count.

use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// The connections.
#[derive(Default)]
struct Taken {
    closing: bool,
    /// All that ever came.
    count: usize,
    /// Those that are open, by their client.
    open: HashMap<SocketAddr, Arc<TcpStream>>,
}

#[derive(Default)]
struct Shared {
    taken: Mutex<Taken>,
    changed: Condvar,
}

/// Everything ends when it is dropped.
pub struct Door {
    shared: Arc<Shared>,
    addr: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens it on a free port; `serve` has a connection until it returns.
    pub fn open(serve: impl Fn(&TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let acceptor = Some(std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, &Arc::new(serve))
        }));
        Self { shared, addr, acceptor }
    }

    /// The port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections were ever made.
    pub fn count(&self) -> usize {
        self.taken().count
    }

    /// Waits until so many connections were made, for as long as it takes a busy machine: a client may be through before
    /// its server has taken notice.
    pub fn wait_for(&self, count: usize) {
        self.wait_until(|taken| taken.count >= count);
    }

    /// How many are open.
    pub fn still_open(&self) -> usize {
        self.taken().open.len()
    }

    /// The connections that are open.
    pub fn streams(&self) -> Vec<Arc<TcpStream>> {
        self.taken().open.values().map(Arc::clone).collect()
    }

    /// Waits until everybody who came has gone, and everything they sent is dealt with.
    pub fn wait_for_idle(&self) {
        // Connections are taken in the order of their coming: when this one is, those before it are.
        let last = TcpStream::connect(self.addr).unwrap();
        let name = last.local_addr().unwrap();
        self.wait_until(|taken| taken.open.contains_key(&name));
        drop(last);
        self.wait_until(|taken| taken.open.is_empty());
    }

    /// Ends all connections in this way, takes no more, and waits until nobody is served any longer.
    pub fn close(&mut self, how: Shutdown) {
        // Not `unwrap`: a failed test must not panic twice.
        if let Ok(mut taken) = self.shared.taken.lock() {
            taken.closing = true;
            taken.open.values().for_each(|stream| _ = stream.shutdown(how));
        }
        // Wakes the acceptor.
        drop(TcpStream::connect(self.addr));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }

    fn wait_until(&self, reached: impl Fn(&Taken) -> bool) {
        let waited =
            self.shared.changed.wait_timeout_while(self.taken(), super::HUNG, |taken| !reached(taken)).unwrap();
        assert!(!waited.1.timed_out(), "what the test waits for did not come");
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.shared.taken.lock().unwrap()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.close(Shutdown::Both);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, serve: &Arc<impl Fn(&TcpStream) + Send + Sync + 'static>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    loop {
        let Ok((stream, client)) = listener.accept() else { continue };
        let stream = Arc::new(stream);
        let mut taken = shared.taken.lock().unwrap();
        if taken.closing {
            break;
        }
        taken.count += 1;
        taken.open.insert(client, Arc::clone(&stream));
        drop(taken);
        shared.changed.notify_all();
        // A thread that has ended keeps its stack until its handle is dropped.
        threads.retain(|thread| !thread.is_finished());
        let (shared, serve) = (Arc::clone(shared), Arc::clone(serve));
        threads.push(std::thread::spawn(move || {
            let _gone = Gone(&shared, client);
            serve(&stream);
        }));
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// Lets a connection go when its thread ends, also by a panic.
struct Gone<'a>(&'a Shared, SocketAddr);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let Some(stream) = self.0.taken.lock().ok().and_then(|mut taken| taken.open.remove(&self.1)) else { return };
        // Whoever still holds it.
        drop(stream.shutdown(Shutdown::Both));
        self.0.changed.notify_all();
    }
}
