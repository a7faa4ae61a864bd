//! A PostgreSQL server as the store.

use super::one;

#[cfg(feature = "postgres")]
#[test]
fn a_file_and_a_server_are_not_both_the_store() {
    one(
        "database = \"a.db\"\nstore = \"postgres://localhost/d\"\n",
        "error: both `database` and `store` are given
 --> config.toml:2:9
  = help: keep the file or the server
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_build_without_postgres_says_so_and_how_to_get_one_with_it() {
    one(
        "store = \"postgres://localhost/d\"\n",
        "error: this savehub knows no `store`
 --> config.toml:1:9
  = help: it was built without PostgreSQL; build it with: cargo build --release --features postgres
  = note: the line is not shown, because it may hold a secret
",
    );
}
