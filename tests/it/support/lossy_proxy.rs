//! A network that loses what it is told to: a proxy in front of a server.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The connection is closed in its place.
    Whole,
    /// It breaks off in its middle.
    Half,
    /// Nothing comes, and the connection stays.
    Silence,
}

/// Loses answers of one server.
pub struct LossyProxy {
    pub address: SocketAddr,
    plan: Arc<Plan>,
    acceptor: Option<JoinHandle<()>>,
}

struct Plan {
    loss: std::sync::Mutex<Loss>,
    to_lose: AtomicUsize,
    connections: AtomicUsize,
    /// Both ends of the connections, while nothing is cut.
    carried: std::sync::Mutex<Vec<TcpStream>>,
    cut: AtomicBool,
    closed: AtomicBool,
}

impl Plan {
    /// What to do with this answer, if anything.
    fn next(&self) -> Option<Loss> {
        let lose = |left: usize| left.checked_sub(1);
        self.to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose)
            .ok()
            .map(|_left| *self.loss.lock().unwrap())
    }
}

impl LossyProxy {
    /// In front of the server at `server`; loses nothing yet.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Plan {
            loss: std::sync::Mutex::new(Loss::Whole),
            to_lose: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            carried: std::sync::Mutex::default(),
            cut: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let acceptor = std::thread::spawn({
            let plan = Arc::clone(&plan);
            move || {
                for client in listener.incoming() {
                    if plan.closed.load(Ordering::SeqCst) {
                        return;
                    }
                    plan.connections.fetch_add(1, Ordering::SeqCst);
                    let plan = Arc::clone(&plan);
                    let client = client.unwrap();
                    std::thread::spawn(move || carry(&client, server, &plan));
                }
            }
        });
        Self {
            address,
            plan,
            acceptor: Some(acceptor),
        }
    }

    /// The next `times` answers are lost.
    pub fn lose(&self, loss: Loss, times: usize) {
        *self.plan.loss.lock().unwrap() = loss;
        self.plan.to_lose.store(times, Ordering::SeqCst);
    }

    /// How many are still to be lost.
    pub fn left_to_lose(&self) -> usize {
        self.plan.to_lose.load(Ordering::SeqCst)
    }

    /// Breaks every connection, and lets nobody through until [`Self::mend`].
    pub fn cut(&self) {
        self.plan.cut.store(true, Ordering::SeqCst);
        for end in self.plan.carried.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Lets everybody through again.
    pub fn mend(&self) {
        self.plan.cut.store(false, Ordering::SeqCst);
    }

    /// How many connections were made through it.
    pub fn connections(&self) -> usize {
        self.plan.connections.load(Ordering::SeqCst)
    }
}

impl Drop for LossyProxy {
    fn drop(&mut self) {
        self.plan.closed.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.acceptor.take().map(JoinHandle::join));
    }
}

/// Passes messages on in both directions, until one end closes or an answer is lost with its connection.
fn carry(client: &TcpStream, server: SocketAddr, plan: &Plan) {
    if plan.cut.load(Ordering::SeqCst) {
        return;
    }
    let Ok(server) = TcpStream::connect(server) else { return };
    let both = [client, &server].map(|end| end.try_clone().unwrap());
    plan.carried.lock().unwrap().extend(both);
    if plan.cut.load(Ordering::SeqCst) {
        // It came between the two looks, and may not have seen these two.
        return both_down(client, &server);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            pass_on(client, &server, |_bytes| Some(usize::MAX));
            let _ = server.shutdown(Shutdown::Both);
        });
        pass_on(&server, client, |answer| match plan.next() {
            None => Some(usize::MAX),
            Some(Loss::Half) => Some(answer.len() / 2),
            Some(Loss::Whole) => None,
            Some(Loss::Silence) => {
                // Longer than any deadline of a test.
                std::thread::sleep(Duration::from_secs(5));
                None
            }
        });
        both_down(client, &server);
    });
}

fn both_down(client: &TcpStream, server: &TcpStream) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// `judge` says how much of what was read goes on; after less than all, nothing does any more.
fn pass_on(mut from: &TcpStream, mut to: &TcpStream, judge: impl Fn(&[u8]) -> Option<usize>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer) else { return };
        let bytes = &buffer[..read];
        let Some(keep) = judge(bytes) else { return };
        if to.write_all(&bytes[..keep.min(read)]).is_err() || keep < read {
            return;
        }
    }
}
