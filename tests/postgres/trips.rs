//! How often a use case waits for the server.

use crate::bench::{attempt, begin, claim, watched};
use crate::cluster::cluster;
use crate::proxy::Proxy;
use savehub::owner::Owner;
use savehub::store::postgres::{PostgresStore, Server};
use savehub::store::sqlite::Create;
use std::net::SocketAddr;

#[test]
fn a_claim_takes_twelve_round_trips_at_most() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    watched(&database.open(Create::Yes), "ana", "talk", 600);
    let server: SocketAddr = format!("127.0.0.1:{}", cluster.port).parse().unwrap();
    let proxy = Proxy::start(server, "words that nobody says");
    let through = database.url().replace(&server.to_string(), &proxy.addr.to_string());
    let store = PostgresStore::open(Server { url: through.into(), ..database.server() }, Create::No).unwrap();
    let due = claim(&store, "talk", 420);
    let before = proxy.asked();
    let _attempt = attempt(begin(&store, due, "+12025550101", &Owner::new("boot", 1, 2), 420).unwrap());
    assert!(proxy.asked() - before <= 12, "{} round trips", proxy.asked() - before);
}
