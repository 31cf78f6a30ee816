//! The simulated payment provider as a process of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt::System;
use actix_web::{App, HttpServer, rt, web};

use super::cli::command::PaymentsSimulator;
use super::program::{NotDone, print};
use super::rooms::payments::webhook_secrets;
use super::serve::StopOn;
use super::settings::{PROVIDER_WEBHOOK_SECRET, Settings};
use super::start_error::StartError;
use super::workers::{Job, Next, Workers};
use crate::adapters::payments::providers::simulator::{Simulator, Waits};
use crate::adapters::payments::providers::simulator_server::faults::Faults;
use crate::adapters::payments::providers::simulator_server::webhook_sender::{BATCH, WebhookSender};
use crate::adapters::payments::providers::simulator_server::{SimulatorServer, routes};
use crate::adapters::shared::system::SystemClock;

/// How long a connection without a request is kept: longer than the shop keeps it.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How often it looks for webhooks that are to be sent.
const WEBHOOK_POLL: Duration = Duration::from_millis(20);
/// How long the last webhooks have to be sent when it stops; the others are sent after the next start.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Runs it until it is told to stop.
pub(super) fn run(settings: &Settings, wished: &PaymentsSimulator) -> Result<(), NotDone> {
    let ms = |ms: u32| Duration::from_millis(u64::from(ms));
    let (hold, slow) = (ms(wished.hold_ms), ms(wished.slow_ms));
    // The tokens by which a card is slow or loses its answer behave as the faults do.
    let waits = Waits { slow, timeout: hold };
    let simulator = Simulator::open(settings.simulator_ledger(), waits, Arc::new(SystemClock))
        .map_err(|error| StartError::part("the ledger of the simulated payment provider cannot be opened", error))?;
    let faults = Faults::new(wished.faults.clone(), wished.seed);
    let simulator = match wished.webhook_url {
        Some(_) => simulator.telling(),
        None => simulator,
    };
    tracing::info!(seed = wished.seed, faults = ?wished.faults, "the simulated payment provider opens");
    let provider = web::Data::new(SimulatorServer {
        simulator,
        faults,
        hold,
        slow,
    });
    let workers = Workers::start(webhooks(settings, wished, &provider)?).map_err(StartError::Workers)?;
    System::new().block_on(async {
        let cannot_listen = |source| StartError::Listen {
            address: wished.listen,
            source,
        };
        let (http, address) = start(wished.listen, provider.clone()).map_err(cannot_listen)?;
        let handle = http.handle();
        let stopped = StopOn::Signals.listen().map_err(StartError::Signals)?;
        rt::spawn(async move {
            stopped.await;
            handle.stop(true).await;
        });
        print(&format!("The simulated payment provider is at http://{address}\n"))?;
        http.await.map_err(StartError::Server)?;
        workers.stop(STOP_TIME);
        let (requests, struck) = provider.faults.counts();
        let webhooks = provider.faults.webhooks.counts();
        tracing::info!(requests, ?struck, ?webhooks, "the simulated payment provider closes");
        Ok(())
    })
}

/// Sends webhooks, where somebody wants them.
fn webhooks(
    settings: &Settings,
    wished: &PaymentsSimulator,
    provider: &web::Data<SimulatorServer>,
) -> Result<Vec<Job>, NotDone> {
    let Some(url) = &wished.webhook_url else {
        return Ok(Vec::new());
    };
    let secrets = webhook_secrets(settings)?;
    let secret = secrets.first().ok_or_else(|| {
        NotDone::Wrong(format!(
            "{PROVIDER_WEBHOOK_SECRET} is missing: webhooks are signed with it"
        ))
    })?;
    let sender = WebhookSender::new(provider.clone(), url.clone(), secret.clone());
    let full = usize::try_from(BATCH).unwrap_or(usize::MAX);
    Ok(vec![Job {
        name: "webhooks",
        bell: Arc::default(),
        pause: WEBHOOK_POLL,
        turn: Box::new(move || match sender.send_batch() {
            Ok(sent) if sent >= full => Next::AtOnce,
            Ok(_) => Next::Later,
            Err(error) => {
                tracing::warn!(error = error.with_sources(), "webhooks cannot be sent now");
                Next::Later
            }
        }),
    }])
}

fn start(address: SocketAddr, provider: web::Data<SimulatorServer>) -> io::Result<(Server, SocketAddr)> {
    let http = HttpServer::new(move || App::new().configure(routes(provider.clone())))
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .bind(address)?;
    let bound = http.addrs().first().copied().unwrap_or(address);
    Ok((http.run(), bound))
}
