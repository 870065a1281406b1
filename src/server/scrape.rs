//! `/metrics`: a scrape waits for stored costs, and then gets the exposition.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::watch;
use tokio::time::timeout;

use super::app_state::AppState;

/// The time that a scrape waits for stored costs, without which all series would end at the first
/// scrape after a restart. It is less than the 10 seconds that Prometheus waits for a scrape.
const RESTORED_WITHIN: Duration = Duration::from_secs(8);

/// The exposition, and what it waits for.
#[derive(Clone)]
pub(super) struct Scrapes {
    exposition: exporter_web::Scrapes,
    restored: watch::Receiver<bool>,
}

impl Scrapes {
    pub(super) fn new(site: &AppState) -> Self {
        let (exposition, refused) = (site.exposition.clone(), site.exposition.refused().clone());
        let write = move |format| exposition.for_scrape(format);
        let exposition = exporter_web::Scrapes::new(site.max_requests, write).counting(refused);
        Self { exposition, restored: site.restored.clone() }
    }
}

pub(super) async fn metrics(State(mut scrapes): State<Scrapes>, headers: HeaderMap) -> Response {
    // A sender that was dropped means that there is nothing to wait for.
    let restored = scrapes.restored.wait_for(|is_over| *is_over);
    if timeout(RESTORED_WITHIN, restored).await.is_err() {
        let why = "the stored costs are still being read, try again later\n";
        return scrapes.exposition.refuse_unready(why.into());
    }
    scrapes.exposition.answer(&headers)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::StatusCode;
    use tokio::time::Instant;

    use super::*;
    use crate::metrics::{BuildFlags, Exposition, Format};
    use crate::status::{ApiCalls, Status};

    fn refused(exposition: &Exposition) -> String {
        let text = exposition.scrape(Format::Text).unwrap();
        let name = "azure_billing_exporter_scrapes_refused_total ";
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_scrape_waits_for_what_is_stored_and_not_for_ever() {
        let (over, restored) = watch::channel(false);
        let status = Arc::new(Status::new([], Duration::from_secs(60)));
        let about = BuildFlags { demo: false, process: false };
        let exposition = Exposition::new(status, Arc::<ApiCalls>::default(), about).unwrap();
        let exposition = Arc::new(exposition);
        let written = exposition.clone();
        let scrapes = exporter_web::Scrapes::new(2, move |format| written.for_scrape(format))
            .counting(exposition.refused().clone());
        let scrapes = Scrapes { exposition: scrapes, restored };
        let scrape = || metrics(State(scrapes.clone()), HeaderMap::new());
        let began = Instant::now();
        assert_eq!(scrape().await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(began.elapsed(), RESTORED_WITHIN);
        assert_eq!(refused(&exposition), "1");
        let restoring = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            over.send_replace(true);
        };
        let (answer, ()) = tokio::join!(scrape(), restoring);
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(began.elapsed(), RESTORED_WITHIN + Duration::from_millis(400));
        assert_eq!(refused(&exposition), "1");
    }
}
