//! Prompts and resources are declared, and there are none (protocol.md 7.12): the same answers for every server of
//! ours.

use rmcp::model::{
    CustomRequest, ErrorCode, ErrorData, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    PaginatedRequestParams,
};
use serde_json::json;

/// Requests that exist in some revision. rmcp hands one over as unknown if its `params` do not
/// fit, and that is another mistake than a method nobody has.
const METHODS_WITH_PARAMS: [&str; 4] = ["tools/call", "resources/read", "prompts/get", "completion/complete"];

pub(crate) fn prompts(request: Option<PaginatedRequestParams>) -> Result<ListPromptsResult, ErrorData> {
    refuse_cursor(request).map(|()| ListPromptsResult::default())
}

pub(crate) fn prompt<T>() -> Result<T, ErrorData> {
    Err(ErrorData::invalid_params("Unknown prompt", None))
}

pub(crate) fn resources(request: Option<PaginatedRequestParams>) -> Result<ListResourcesResult, ErrorData> {
    refuse_cursor(request).map(|()| ListResourcesResult::default())
}

pub(crate) fn templates(
    request: Option<PaginatedRequestParams>,
) -> Result<ListResourceTemplatesResult, ErrorData> {
    refuse_cursor(request).map(|()| ListResourceTemplatesResult::default())
}

/// SEP-2164; rmcp picks the code that the peer's revision knows.
pub(crate) fn resource<T>(uri: &str) -> Result<T, ErrorData> {
    Err(ErrorData::resource_not_found("Resource not found", Some(json!({"uri": uri}))))
}

pub(crate) fn method<T>(request: &CustomRequest) -> Result<T, ErrorData> {
    Err(if METHODS_WITH_PARAMS.contains(&request.method.as_str()) {
        ErrorData::invalid_params("Invalid params", None)
    } else {
        ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "Method not found", None)
    })
}

/// No list has a second page, so every cursor is one that we did not give out.
pub(crate) fn refuse_cursor(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        Some(_) => Err(ErrorData::invalid_params("Unknown cursor", None)),
        None => Ok(()),
    }
}
