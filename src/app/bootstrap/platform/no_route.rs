//! The answer where no endpoint matches: 405 with `Allow` at a known address, else 404.

use std::collections::BTreeSet;

use actix_web::dev::ResourceDef;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::{OpenApi, PathItem};

use crate::adapters::shared::http::problem::{self, Problem};

/// The addresses that there are, each with its methods.
pub struct KnownRoutes(Vec<(ResourceDef, Vec<&'static str>)>);

impl KnownRoutes {
    /// Those of the document, and the page that shows it.
    pub fn of(document: &OpenApi) -> Self {
        let documented = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)));
        let page = ["/docs", "/docs/{file:.*}"].map(|path| (ResourceDef::new(path), vec!["GET"]));
        Self(documented.chain(page).collect())
    }

    /// The methods that are known at `path`, for `Allow`; `None` where there is nothing.
    fn allowed(&self, path: &str) -> Option<String> {
        let methods: BTreeSet<&str> = self
            .0
            .iter()
            .filter(|(pattern, _)| pattern.is_match(path))
            .flat_map(|(_, methods)| methods.iter().copied())
            .collect();
        (!methods.is_empty()).then(|| methods.into_iter().collect::<Vec<_>>().join(", "))
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, known)| known.then_some(method))
    .collect()
}

/// The default service.
pub async fn no_route(request: HttpRequest, known: web::Data<KnownRoutes>) -> Result<HttpResponse, Problem> {
    let Some(allowed) = known.allowed(request.path()) else {
        return Err(Problem::new(problem::ROUTE_NOT_FOUND));
    };
    let problem = Problem::new(problem::METHOD_NOT_ALLOWED).detail(format!("It knows {allowed}."));
    Err(match HeaderValue::from_str(&allowed) {
        Ok(value) => problem.header(header::ALLOW, value),
        Err(_never_for_method_names) => problem,
    })
}
