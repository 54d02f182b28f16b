//! The demo that a stranger watches.

use std::time::Duration;

use interdesk_simulator::{Account, demo};
use tokio_util::sync::CancellationToken;

use crate::desk::{self, Stage};

#[tokio::test]
async fn the_first_customer_arrives_within_two_seconds_and_few_are_open() {
    let stage = Stage::new().await;
    stage
        .simulator
        .write(
            desk::APP,
            &interdesk_simulator::Customer::new("user-1"),
            interdesk_simulator::Content::text("x"),
        )
        .unwrap();
    let desk_url = format!("http://{}", stage.wait_for(1).await[0].header("host"));
    let mut show = demo::Demo::new(0, vec![Account::WhatsApp(desk::whatsapp(&desk_url))]);
    show.open = 3;
    show.every_ms = (20, 30);
    let stop = CancellationToken::new();
    let running = tokio::spawn(demo::run(show, stop.clone()));
    tokio::time::timeout(Duration::from_secs(2), stage.wait_for(2))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        stage.taken().len(),
        4,
        "three customers wait for the desk, no fourth comes"
    );
    stop.cancel();
    running.await.unwrap().unwrap();
    stage.end().await;
}
