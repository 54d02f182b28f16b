//! Stands between a bus and its broker and cuts what goes through.

use std::sync::{Arc, Mutex};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) struct Proxy {
    port: u16,
    passing: Arc<Mutex<Vec<JoinHandle<()>>>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn before(target: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing: Arc<Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let list = passing.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((mut inner, _)) = listener.accept().await {
                let target = target.clone();
                let pass = tokio::spawn(async move {
                    if let Ok(mut outer) = TcpStream::connect(target).await {
                        let _ = copy_bidirectional(&mut inner, &mut outer).await;
                    }
                });
                list.lock().unwrap().push(pass);
            }
        });
        Self {
            port,
            passing,
            accepting,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
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
