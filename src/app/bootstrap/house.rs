//! What every context is given when it is put together, and what it gives the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bell::Bell;
use super::capacity::{SWEEP_BATCH, TURN_TIME};
use super::elsewhere::Elsewhere;
use super::peers::Peers;
use super::ported::Ported;
use super::rooms::{EventLog, Opened, Room, Sweep};
use super::settings::Settings;
use super::start_error::StartError;
use super::workers::Next;
use crate::adapters::shared::access_tokens::public_keys::KeyBoard;
use crate::adapters::shared::messaging::feed::{AmqpFeed, Subscription};
use crate::adapters::shared::remote::feed::RemoteFeed;
use crate::adapters::shared::remote::handler::Remote;
use crate::adapters::shared::system::{SystemClock, SystemIds};
use crate::app::shared::decorators::loopback::LoopbackWay;
use crate::ports::shared::access::Principal;
use crate::ports::shared::call_context::{CallContext, Deadline};
use crate::ports::shared::clock::{Clock, IdSource};
use crate::ports::shared::events::EventFeed;
use crate::ports::shared::failure::Never;
use crate::ports::shared::operation::{Handler, Operation, TableOfContents};

/// A shop that is being put together.
pub struct House<'s> {
    /// What was set.
    pub settings: &'s Settings,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
    /// Where the public keys of access tokens are put up.
    pub keys: Arc<KeyBoard>,
    /// The other processes.
    pub peers: Peers,
    loopback: Option<Arc<LoopbackWay>>,
    logs: BTreeMap<&'static str, EventLog>,
    rooms: Vec<Room>,
}

impl<'s> House<'s> {
    /// An empty one.
    pub fn new(settings: &'s Settings) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Self {
            settings,
            peers: Peers::of(&settings.processes, &clock),
            clock,
            ids: Arc::new(SystemIds),
            keys: Arc::default(),
            loopback: settings.ports.loopback().map(|way| Arc::new(LoopbackWay::new(way))),
            logs: BTreeMap::new(),
            rooms: Vec::new(),
        }
    }

    /// Gives a context its place: in this process by `open`, or wherever it runs.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn place<C: ?Sized + TableOfContents>(
        &mut self,
        open: impl FnOnce(&Self) -> Result<Opened<C>, StartError>,
        elsewhere: impl FnOnce(Arc<Elsewhere<C>>) -> Arc<C>,
    ) -> Result<Arc<C>, StartError> {
        if !self.settings.processes.runs(C::CONTEXT) {
            return Ok(elsewhere(self.reach()));
        }
        let Opened { room, context } = open(self)?;
        let log = EventLog::of(Arc::clone(&room.storage.feed), Arc::clone(&room.storage.bell));
        self.logs.insert(room.context, log);
        self.rooms.push(room);
        Ok(context)
    }

    /// A context wherever it runs, which is not in this process.
    pub fn reach<C: ?Sized + TableOfContents>(&self) -> Arc<Elsewhere<C>> {
        Arc::new(self.peers.of_context(C::CONTEXT).map_or(Elsewhere::Nowhere, |peer| {
            Elsewhere::at(Remote::at(Arc::clone(peer), Arc::clone(&self.ids)))
        }))
    }

    /// The rooms that were placed in this process.
    pub fn into_rooms(self) -> Vec<Room> {
        self.rooms
    }

    /// A service behind everything that is done around every operation.
    pub fn ported<S>(&self, service: S) -> Arc<Ported<S>> {
        let service = Arc::new(service);
        Arc::new(match &self.loopback {
            None => Ported::direct(service),
            Some(way) => Ported::over(way, &self.ids, service),
        })
    }

    /// The log of a context, for one consumer of this process.
    ///
    /// # Errors
    /// [`StartError`] when it is not known where the context runs.
    pub fn log_of(&self, context: &'static str, consumer: &'static str) -> Result<EventLog, StartError> {
        if let Some(log) = self.logs.get(context) {
            return Ok(log.clone());
        }
        let peer = self
            .peers
            .of_context(context)
            .ok_or(StartError::UnknownPlace { context })?;
        let log: Arc<dyn EventFeed> = Arc::new(RemoteFeed::at(Arc::clone(peer), context));
        let bell = Arc::new(Bell::default());
        if self.settings.broker.is_none() {
            // Nobody rings: it is polled.
            return Ok(EventLog::of(log, bell));
        }
        let subscription = Subscription {
            consumer: consumer.to_owned(),
            context: context.to_owned(),
        };
        let ring = Arc::clone(&bell);
        let feed = Arc::new(AmqpFeed::new(
            subscription,
            Arc::clone(&log),
            Arc::new(move || ring.ring()),
        ));
        Ok(EventLog {
            feed: feed.clone(),
            log,
            over_broker: Some(feed),
            bell,
        })
    }

    /// Asks a context to look after what was left lying, in batches of [`SWEEP_BATCH`].
    pub fn sweep<C, Op>(&self, context: &Arc<C>, op: fn() -> Op) -> Sweep
    where
        C: Handler<Op> + ?Sized + 'static,
        Op: Operation<Reply = u32, Error = Never>,
    {
        let context = Arc::clone(context);
        let ids = Arc::clone(&self.ids);
        Sweep {
            name: Op::NAME,
            bell: Arc::default(),
            turn: Arc::new(move || {
                let cx = CallContext::new(Principal::service("worker"), ids.make(), Deadline::after(TURN_TIME));
                match context.handle(&cx, op()) {
                    Ok(found) if found >= SWEEP_BATCH => Next::AtOnce,
                    Ok(_) => Next::WhenRung,
                    // The context has logged the failure.
                    Err(_) => Next::Later,
                }
            }),
        }
    }
}
