//! What belongs to no context: the edge, the documents, the health checks, the program.

mod asyncapi;
mod command_line;
mod contracts;
mod contracts_broken;
mod correlation;
mod database_away;
mod databases_apart;
mod dead_letters;
mod extract;
mod health;
mod integrity;
mod limits;
mod map;
mod no_route;
mod nothing_crosses_schemas;
mod openapi;
mod problem_table;
mod purchase;
mod reconcile_command;
mod roles;
mod tls;
mod two_instances;
mod which_contexts_run_here;
