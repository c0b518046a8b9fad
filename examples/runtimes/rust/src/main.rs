// The same function in each language: see ../../node/index.mjs. With AWS's library for Rust.
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

#[derive(Deserialize, Serialize)]
struct Item {
    name: String,
    price: f64,
}

#[derive(Deserialize)]
#[serde(default)]
struct Event {
    work: String,
    below: u32,
    items: Vec<Item>,
}

impl Default for Event {
    fn default() -> Self {
        Event { work: String::from("light"), below: 0, items: Vec::new() }
    }
}

fn primes_below(limit: u32) -> u32 {
    let mut count = if limit > 2 { 1 } else { 0 };
    let mut n = 3;
    while n < limit {
        let mut is_prime = true;
        let mut d = 3;
        while d * d <= n {
            if n % d == 0 {
                is_prime = false;
                break;
            }
            d += 2;
        }
        if is_prime {
            count += 1;
        }
        n += 2;
    }
    count
}

async fn handle(given: LambdaEvent<Event>) -> Result<Value, Error> {
    let event = given.payload;
    if event.work == "heavy" {
        return Ok(json!({ "primes": primes_below(event.below) }));
    }
    let total: f64 = event.items.iter().map(|item| item.price).sum();
    Ok(json!({ "count": event.items.len(), "total": total, "items": event.items }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
