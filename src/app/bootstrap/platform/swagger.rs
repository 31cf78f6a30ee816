//! `/docs/`: the API to read and to try, from files in this binary.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, guard};
use utoipa_swagger_ui::Config;

use super::api_document;
use crate::adapters::shared::http::problem::{self, Problem};

/// Where the page is. Its own files are beside it, so the slash matters.
const PAGE: &str = "/docs/";

/// What the page shows.
struct Page(Arc<Config<'static>>);

/// Adds the page, and the way to it for who leaves the slash out.
pub fn routes(config: &mut ServiceConfig) -> &mut ServiceConfig {
    let page = web::Data::new(Page(Arc::new(Config::new([api_document::PATH]))));
    config
        .service(web::resource("/docs").guard(guard::Get()).to(to_the_page))
        .service(
            web::resource("/docs/{file:.*}")
                .guard(guard::Get())
                .app_data(page)
                .to(file),
        )
}

async fn to_the_page() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, PAGE))
        .finish()
}

async fn file(name: web::Path<String>, page: web::Data<Page>) -> Result<HttpResponse, Problem> {
    let found = utoipa_swagger_ui::serve(&name, Arc::clone(&page.0)).map_err(|error| {
        tracing::error!(%error, "the page cannot be made");
        Problem::new(problem::INTERNAL)
    })?;
    let file = found.ok_or_else(|| Problem::new(problem::ROUTE_NOT_FOUND))?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header(header::ContentEncoding::Gzip);
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}
