//! `ask_memory`, `deep_memory_query` and `jean_memory`: upstream-api.md 9.3, 9.5.

use serde_json::json;

use crate::sandbox::testing::{Bench, LATER, contents};

const DIRECTIVE: &str = "\n\nSYSTEM PROMPT:";

async fn listed(bench: &Bench) -> Vec<String> {
    contents(&bench.call_json("list_memories", json!({})).await)
}

#[tokio::test]
async fn a_question_is_answered_with_quotations() {
    let bench = Bench::new();
    bench.remember(&["My dog is called Rex", "The car needs oil"]).await;
    let text = bench.call("ask_memory", json!({"question": "What is my dog called?"})).await;
    assert!(text.starts_with(r#"{"status": "success", "question": "What is my dog called?", "answer": ""#));
    let reply = bench.call_json("ask_memory", json!({"question": "What is my dog called?"})).await;
    assert_eq!(reply["memories_found"], 1);
    assert_eq!(reply["operation"], "ask_memory");
    assert!(reply["search_duration"].is_f64() && reply["total_duration"].is_f64());
    let answer = reply["answer"].as_str().unwrap();
    assert!(answer.starts_with("The sandbox found 1 memory about this"), "{answer}");
    assert!(answer.contains("- 2025-12-09: My dog is called Rex") && !answer.contains("oil"));
}

#[tokio::test]
async fn no_answer_is_an_honest_answer() {
    let bench = Bench::new();
    let reply = bench.call_json("ask_memory", json!({"question": "What is my dog called?"})).await;
    assert_eq!(reply["status"], "success");
    assert_eq!(reply["answer"], "The sandbox found no memories about this.");
    assert_eq!(reply["memories_found"], 0);
    let deep = bench.call("deep_memory_query", json!({"search_query": "dog"})).await;
    assert!(deep.starts_with("The sandbox found no memories and no documents about this."), "{deep}");
    assert!(deep.lines().last().unwrap().starts_with("📊 Deep Analysis:"));
}

#[tokio::test]
async fn a_deep_query_tells_how_many_it_does_not_quote() {
    let bench = Bench::new();
    let notes: Vec<_> = (0..40).map(|number| format!("boat number {number}")).collect();
    bench.remember(&notes.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let text = bench.call("deep_memory_query", json!({"search_query": "boat"})).await;
    assert!(text.contains("40 memories") && text.contains("- and 15 more\n"), "{text}");
    let few = bench.call("deep_memory_query", json!({"search_query": "boat", "memory_limit": 3})).await;
    assert!(few.contains("3 memories") && !few.contains("more\n"), "{few}");
}

#[tokio::test]
async fn a_new_conversation_starts_with_a_welcome_and_later_with_context() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    let open = json!({"user_message": "Hello, plan my weekend with the dog", "is_new_conversation": true});
    let welcome = bench.call("jean_memory", open.clone()).await;
    assert!(!welcome.contains("---") && welcome.contains(DIRECTIVE), "{welcome}");
    bench.remember(&["My dog is called Rex", "The car needs oil"]).await;
    let context = bench.call("jean_memory", open).await;
    assert!(context.starts_with("---\n[Your Life Context]\n"), "{context}");
    let (body, directive) = context.split_once(DIRECTIVE).unwrap();
    assert!(body.ends_with("---") && !directive.contains('\n'));
    let (dog, car) = (body.find("Rex").unwrap(), body.find("oil").unwrap());
    assert!(dog < car, "what fits the message comes first");
    assert_eq!(body.matches("Rex").count(), 1);
}

#[tokio::test]
async fn a_continued_conversation_gets_the_answer_json_unchanged() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    bench.remember(&["My dog is called Rex"]).await;
    let arguments = json!({"user_message": "What is my dog called?", "is_new_conversation": false});
    let reply = bench.call_json("jean_memory", arguments).await;
    assert_eq!(reply["operation"], "ask_memory");
    assert!(reply["answer"].as_str().unwrap().contains("Rex"));
}

#[tokio::test]
async fn context_can_be_declined() {
    // upstream-api.md 9.3
    let bench = Bench::new();
    bench.remember(&["My dog is called Rex"]).await;
    let arguments =
        json!({"user_message": "My dog likes snow.", "is_new_conversation": false, "needs_context": false});
    let text = bench.call("jean_memory", arguments).await;
    assert!(text.contains(DIRECTIVE) && !text.contains("Rex"), "{text}");
    // What was told is kept all the same.
    assert_eq!(listed(&bench).await[0], "My dog likes snow.");
}

#[tokio::test]
async fn what_the_user_tells_is_remembered_once_and_questions_are_not() {
    // upstream-api.md 9.5
    let bench = Bench::new();
    for message in ["I moved to Lisbon in May. Is that far?", "I moved to Lisbon in May.", "Where do I live?"]
    {
        bench.call("jean_memory", json!({"user_message": message, "is_new_conversation": false})).await;
    }
    assert_eq!(listed(&bench).await, ["I moved to Lisbon in May."]);
    bench.advance(LATER);
    assert_eq!(bench.found("Lisbon").await, ["I moved to Lisbon in May."]);
}

#[tokio::test]
async fn a_chosen_speed_reads_and_never_writes() {
    // upstream-api.md 9.3, 9.5
    let bench = Bench::new();
    bench.remember(&["My dog is called Rex"]).await;
    for speed in ["fast", "balanced", "comprehensive", "deep"] {
        let text = bench
            .call(
                "jean_memory",
                json!({"user_message": "I walk my dog", "is_new_conversation": true, "speed": speed}),
            )
            .await;
        assert!(text.contains("Rex") && !text.contains(DIRECTIVE), "{speed}: {text}");
        match speed {
            "fast" => assert!(text.contains(r#""total_count": 1"#)),
            "balanced" => assert!(text.contains(r#""operation": "ask_memory""#)),
            _ => assert!(text.contains("📊 Deep Analysis:")),
        }
    }
    assert_eq!(listed(&bench).await, ["My dog is called Rex"]);
}
