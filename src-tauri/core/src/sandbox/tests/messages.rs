//! JSON-RPC and its departures: upstream-api.md 8 and 9.1, 9.2.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::sandbox::testing::Bench;

#[tokio::test]
async fn initialize_answers_by_the_table() {
    // upstream-api.md 8.3
    let bench = Bench::new();
    let old = json!({"tools": {}});
    for (asked, version, capabilities) in [
        (
            json!("2025-06-18"),
            "2025-06-18",
            json!({"tools": {"listChanged": true}, "logging": {}, "sampling": {}}),
        ),
        (
            json!("2025-03-26"),
            "2025-03-26",
            json!({"tools": {"listChanged": false}, "logging": {}, "sampling": {}}),
        ),
        (json!("2024-11-05"), "2024-11-05", old.clone()),
        (json!("2025-11-25"), "2024-11-05", old.clone()),
        (json!("tomorrow"), "2024-11-05", old.clone()),
        (json!(7), "2024-11-05", old.clone()),
    ] {
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {}});
        let answer = bench
            .message(json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": params}))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.json(),
            json!({"jsonrpc": "2.0", "id": "a", "result": {
                "protocolVersion": version,
                "capabilities": capabilities,
                "serverInfo": {"name": "Jean Memory", "version": "1.0.0"},
            }})
        );
    }
    let answer = bench.message(json!({"id": 1, "method": "initialize"})).await;
    assert_eq!(answer.json()["result"]["protocolVersion"], "2024-11-05");
}

#[tokio::test]
async fn seven_tools_are_listed_in_the_services_order_and_form() {
    // upstream-api.md 9.1, 9.2
    let bench = Bench::new();
    let answer = bench.message(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
    assert!(answer.text.starts_with(r#"{"jsonrpc":"2.0","result":{"tools":[{"name":"jean_memory","#));
    let reply = answer.json();
    assert!(reply["result"].get("nextCursor").is_none());
    let mut shapes = Vec::new();
    for tool in reply["result"]["tools"].as_array().unwrap() {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object");
        assert!(schema.get("additionalProperties").is_none());
        assert!(tool.get("title").is_none() && tool.get("outputSchema").is_none());
        assert!(!tool["description"].as_str().unwrap().is_empty());
        let properties = schema["properties"].as_object().unwrap();
        let types: Vec<_> = properties
            .iter()
            .map(|(name, property)| format!("{name}:{}", property["type"].as_str().unwrap()))
            .collect();
        shapes.push(json!([tool["name"], types, schema.get("required"), tool["annotations"]]));
    }
    let read = json!({"readOnly": true, "sensitive": false, "destructive": false});
    let write = json!({"readOnly": false, "sensitive": true, "destructive": false});
    assert_eq!(
        Value::Array(shapes),
        json!([
            [
                "jean_memory",
                ["is_new_conversation:boolean", "user_message:string"],
                ["user_message", "is_new_conversation"],
                {"readOnly": false, "sensitive": true, "destructive": false, "intelligent": true},
            ],
            ["ask_memory", ["question:string"], ["question"], read],
            ["add_memories", ["tags:array", "text:string"], ["text"], write],
            [
                "store_document",
                [
                    "content:string",
                    "document_type:string",
                    "metadata:object",
                    "source_url:string",
                    "title:string",
                ],
                ["title", "content"],
                write,
            ],
            [
                "search_memory_v2",
                ["limit:integer", "query:string", "tags_filter:array"],
                ["query"],
                read,
            ],
            [
                "list_memories",
                ["limit:integer"],
                null,
                {"readOnly": true, "sensitive": true, "destructive": false},
            ],
            [
                "deep_memory_query",
                ["search_query:string"],
                ["search_query"],
                {"readOnly": true, "sensitive": false, "destructive": false, "expensive": true},
            ],
        ])
    );
    let tools = &reply["result"]["tools"];
    assert_eq!(tools[3]["inputSchema"]["properties"]["document_type"]["default"], "markdown");
    assert_eq!(tools[2]["inputSchema"]["properties"]["tags"]["items"], json!({"type": "string"}));
    // A schema's members keep the service's order.
    let store = answer.text.find("\"store_document\"").unwrap();
    let after = |name: &str| answer.text[store..].find(name).unwrap();
    assert!(
        after("\"title\":") < after("\"content\":") && after("\"content\":") < after("\"document_type\":")
    );
}

#[tokio::test]
async fn the_other_methods_answer_as_the_service_does() {
    // upstream-api.md 8.1
    let bench = Bench::new();
    for (method, status, body) in [
        ("notifications/initialized", 200, r#"{"status":"acknowledged"}"#),
        ("notifications/cancelled", 200, r#"{"status":"acknowledged"}"#),
        ("notifications/progress", 404, r#"{"error":"Method 'notifications/progress' not found"}"#),
        ("ping", 404, r#"{"error":"Method 'ping' not found"}"#),
        ("logging/setLevel", 404, r#"{"error":"Method 'logging/setLevel' not found"}"#),
        ("completion/complete", 404, r#"{"error":"Method 'completion/complete' not found"}"#),
        ("prompts/get", 404, r#"{"error":"Method 'prompts/get' not found"}"#),
        ("resources/read", 404, r#"{"error":"Method 'resources/read' not found"}"#),
        ("resources/list", 200, r#"{"jsonrpc":"2.0","result":{"resources":[]},"id":7}"#),
        ("prompts/list", 200, r#"{"jsonrpc":"2.0","result":{"prompts":[]},"id":7}"#),
        ("resources/templates/list", 200, r#"{"jsonrpc":"2.0","result":{"templates":[]},"id":7}"#),
    ] {
        let answer = bench.message(json!({"jsonrpc": "2.0", "id": 7, "method": method})).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (status, body));
    }
    let response = bench.message(json!({"jsonrpc": "2.0", "id": 7, "result": {}})).await;
    assert_eq!(
        (response.status.as_u16(), response.text.as_str()),
        (404, r#"{"error":"Method 'None' not found"}"#)
    );
}

#[tokio::test]
async fn the_id_comes_back_unchanged() {
    // upstream-api.md 8.2
    let bench = Bench::new();
    for id in [json!(0), json!(17), json!("abc"), json!(""), Value::Null] {
        let answer = bench.message(json!({"id": id, "method": "prompts/list"})).await;
        assert_eq!(answer.json()["id"], id);
    }
    let answer = bench.message(json!({"method": "prompts/list"})).await;
    assert_eq!(answer.text, r#"{"jsonrpc":"2.0","result":{"prompts":[]},"id":null}"#);
}

#[tokio::test]
async fn what_is_not_one_message_is_an_unhandled_fault() {
    // upstream-api.md 8.2 and 5.1
    let bench = Bench::new();
    for body in ["", "{", "\"text\"", "5", "null", "[]", r#"[{"id":1,"method":"ping"}]"#, "\u{0}"] {
        let answer = bench.post(body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{body}");
        assert_eq!(answer.text, "Internal Server Error");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("x-memory-usage-mb"), None);
    }
    // Parsed before the key is checked; the shape is looked at afterwards.
    let malformed = bench.post_with(&[], "{").await;
    assert_eq!((malformed.status.as_u16(), malformed.text.as_str()), (500, "Internal Server Error"));
    assert_eq!(bench.post_with(&[], "[]").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn params_that_are_no_object_are_a_handler_fault() {
    // upstream-api.md 8.2
    let bench = Bench::new();
    for (params, found) in
        [(Value::Null, "NoneType"), (json!([]), "list"), (json!("x"), "str"), (json!(1), "int")]
    {
        for method in ["initialize", "tools/list", "tools/call"] {
            let answer = bench.message(json!({"id": 1, "method": method, "params": params})).await;
            let body = format!(r#"{{"error":"'{found}' object has no attribute 'get'"}}"#);
            assert_eq!((answer.status.as_u16(), answer.text), (500, body));
        }
        let answer = bench.message(json!({"id": 1, "method": "prompts/list", "params": params})).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn unknown_tools_and_misfit_arguments_raise() {
    // upstream-api.md 8.1, 8.2, 9.1
    let bench = Bench::new();
    for (tool, arguments, message) in [
        ("nope", json!({}), "Tool 'nope' not found"),
        ("delete_all_memories", json!({}), "Tool 'delete_all_memories' not found"),
        ("search_memory", json!({}), "Tool 'search_memory' not found"),
        ("list_memories", json!({"bogus": 1}), "list_memories() got an unexpected keyword argument 'bogus'"),
        (
            "jean_memory",
            json!({"user_message": "a", "is_new_conversation": true, "depth": 1}),
            "jean_memory() got an unexpected keyword argument 'depth'",
        ),
        ("add_memories", json!({}), "add_memories() missing 1 required positional argument: 'text'"),
        (
            "store_document",
            json!({}),
            "store_document() missing 2 required positional arguments: 'title' and 'content'",
        ),
        ("list_memories", json!({"limit": "5"}), "'>' not supported between instances of 'str' and 'int'"),
        ("add_memories", json!({"text": 5}), "'int' object has no attribute 'strip'"),
        ("add_memories", Value::Null, "add_memories() argument after ** must be a mapping, not NoneType"),
        ("add_memories", json!([]), "add_memories() argument after ** must be a mapping, not list"),
    ] {
        assert_eq!(bench.exception(tool, arguments).await, message);
    }
    let unnamed = bench.message(json!({"id": 1, "method": "tools/call", "params": {}})).await;
    assert_eq!(unnamed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        unnamed.text,
        r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"Tool 'None' not found"},"id":1}"#
    );
}

#[tokio::test]
async fn every_wrong_type_is_an_answer_and_not_a_crash() {
    let bench = Bench::new();
    let wrong = [json!(null), json!(true), json!(-1.5), json!("x"), json!(["x", 1]), json!({"a": 1})];
    for (tool, required, names) in [
        (
            "jean_memory",
            json!({"user_message": "a", "is_new_conversation": false}),
            &["user_message", "is_new_conversation", "needs_context", "speed", "format"][..],
        ),
        ("ask_memory", json!({"question": "a"}), &["question"]),
        ("add_memories", json!({"text": "a"}), &["text", "tags", "priority"]),
        (
            "store_document",
            json!({"title": "a", "content": "long enough"}),
            &["title", "content", "document_type", "source_url", "metadata"],
        ),
        ("search_memory_v2", json!({"query": "a"}), &["query", "limit", "tags_filter", "deep_search"]),
        ("list_memories", json!({}), &["limit"]),
        (
            "deep_memory_query",
            json!({"search_query": "a"}),
            &["search_query", "memory_limit", "chunk_limit", "include_full_docs"],
        ),
        ("get_document_status", json!({"job_id": "a"}), &["job_id"]),
    ] {
        for name in names {
            for value in &wrong {
                let mut arguments = required.clone();
                arguments[*name] = value.clone();
                let answer = bench.raw_call(tool, arguments).await;
                let reply = answer.json();
                match answer.status {
                    StatusCode::OK => assert!(reply["result"]["content"][0]["text"].is_string()),
                    _ => assert_eq!(reply["error"]["code"], -32603, "{tool} {name} {value}: {}", answer.text),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_of_twenty_megabytes_is_accepted() {
    // upstream-api.md 8.2
    let bench = Bench::new();
    let empty = json!({"id": 1, "method": "tools/call",
        "params": {"name": "add_memories", "arguments": {"text": ""}}})
    .to_string();
    let body =
        empty.replace(r#""text":"""#, &format!(r#""text":"{}""#, "a".repeat(20_000_000 - empty.len())));
    assert_eq!(body.len(), 20_000_000);
    let answer = bench.post(body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("Memory added successfully"));
    let answer = bench.post("a".repeat(21 * 1024 * 1024)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
