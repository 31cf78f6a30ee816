//! The map of the shop, as the code has it and as ARCHITECTURE.md shows it.

use banyan::app::bootstrap::map::Map;

const BEGIN: &str = "<!-- banyan map -->\n```mermaid\n";
const END: &str = "```\n<!-- end of the map -->";

#[test]
fn the_architecture_shows_the_map_that_the_code_has() {
    let text = include_str!("../../../ARCHITECTURE.md");
    let (_before, rest) = text.split_once(BEGIN).expect("ARCHITECTURE.md has a map");
    let (shown, _after) = rest.split_once(END).expect("the map has an end");
    assert_eq!(
        shown,
        Map::draw().mermaid(),
        "write the output of `banyan map` into ARCHITECTURE.md"
    );
}

#[test]
fn who_is_called_offers_what_is_called_and_who_is_heard_tells_what_is_heard() {
    let map = Map::draw();
    let of = |name: &str| &map.contexts[name];
    for (name, context) in &map.contexts {
        for call in &context.calls {
            let (other, _use_case) = call.split_once('.').unwrap();
            assert_ne!(other, *name, "nobody calls itself through its port");
            assert!(
                of(other).operations.iter().any(|operation| operation.name == *call),
                "{call}"
            );
        }
        for consumer in &context.consumers {
            assert!(consumer.name.starts_with(&format!("{name}.")), "{}", consumer.name);
            for heard in consumer.event_types {
                let told = &of(consumer.listens_to).events;
                assert!(told.iter().any(|event| event.event_type == *heard), "{heard}");
            }
        }
    }
    assert_eq!(map.contexts.len(), 5);
}

#[test]
fn whoever_listens_lets_staff_look_after_what_it_could_not_digest() {
    for (name, context) in &Map::draw().contexts {
        let wishes = [
            "list_dead_letters",
            "get_dead_letter",
            "replay_dead_letter",
            "discard_dead_letter",
        ];
        for wish in wishes.map(|wish| format!("{name}.{wish}")) {
            let has_it = context.operations.iter().any(|operation| operation.name == wish);
            assert_eq!(has_it, !context.consumers.is_empty(), "{wish}");
        }
    }
}
