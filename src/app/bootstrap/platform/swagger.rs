//! `/docs`: the API to read and to try, from files in this binary.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, guard};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the page is. Its own files are beside it, so the slash matters.
const PAGE: &str = "/docs/";

/// Adds the page, and the way to it for who leaves the slash out.
pub fn routes(config: &mut ServiceConfig) -> &mut ServiceConfig {
    let to_the_page = || async {
        HttpResponse::PermanentRedirect()
            .insert_header(("Location", PAGE))
            .finish()
    };
    config
        .service(web::resource("/docs").guard(guard::Get()).to(to_the_page))
        .service(SwaggerUi::new("/docs/{file:.*}").config(Config::new([super::api_document::PATH])))
}
