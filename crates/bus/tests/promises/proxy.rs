//! Stands between a bus and its broker, and cuts what goes through or slows it down.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) struct Proxy {
    port: u16,
    passing: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// How long each answer of the broker takes on its way, in milliseconds.
    delay: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn before(target: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing: Arc<Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let (list, delay) = (passing.clone(), Arc::<AtomicU64>::default());
        let slow = delay.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((inner, _)) = listener.accept().await {
                let (target, slow) = (target.clone(), slow.clone());
                let pass = tokio::spawn(async move {
                    if let Ok(outer) = TcpStream::connect(target).await {
                        pass_on(inner, outer, &slow).await;
                    }
                });
                list.lock().unwrap().push(pass);
            }
        });
        Self {
            port,
            passing,
            delay,
            accepting,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets each answer of the broker take so long.
    pub(crate) fn slow_down(&self, delay: Duration) {
        self.delay.store(delay.as_millis() as u64, Relaxed);
    }

    /// Cuts every connection that passes now; new ones may pass.
    pub(crate) fn cut(&self) {
        self.passing
            .lock()
            .unwrap()
            .drain(..)
            .for_each(|pass| pass.abort());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn pass_on(inner: TcpStream, outer: TcpStream, slow: &AtomicU64) {
    let (mut asked, mut answer) = inner.into_split();
    let (mut answered, mut ask) = outer.into_split();
    let asking = copy(&mut asked, &mut ask);
    let answering = async {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = answered.read(&mut bytes).await {
            tokio::time::sleep(Duration::from_millis(slow.load(Relaxed))).await;
            if answer.write_all(&bytes[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = asking => {}
        () = answering => {}
    }
}
