//! Serves a registry of the crate prometheus-client:
//! `cargo run -p exporter-web --example foreign_registry -- --web.config.file=web.yaml`

use std::{error::Error, fmt, io, net::TcpListener, path::Path};

use axum::{Router, routing::get};
use exporter_web::{Format, ListenAddress, Scrapes, Timeouts, Web, guard, serve, to_text};
use prometheus_client::{encoding::text, metrics::counter::Counter, registry::Registry};

pub(crate) async fn serve_registry(listener: TcpListener, web: Web) -> io::Result<()> {
    let (mut registry, looks) = (Registry::default(), Counter::<u64>::default());
    registry.register("looks", "How often somebody looked here", looks.clone());
    let scrapes = Scrapes::new(40, move |format| {
        looks.inc();
        let mut open_metrics = String::new();
        text::encode(&mut open_metrics, &registry)?;
        let is_older = format == Format::Text;
        let text = if is_older { to_text(&open_metrics) } else { open_metrics };
        Ok::<_, fmt::Error>(text.into())
    });
    let healthy = get(|| async { "healthy\n" });
    let routes = Router::new().route("/metrics", scrapes.route()).route("/-/healthy", healthy);
    let access = web.access();
    let routes = guard(routes, access.clone(), Default::default(), &Default::default());
    tokio::spawn(web.follow(|_| ()));
    serve(listener, routes, access, Timeouts::default(), std::future::pending()).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name| std::env::args().find_map(|flag| Some(flag.strip_prefix(name)?.to_owned()));
    let address = flag("--web.listen-address=").unwrap_or(":9999".to_owned());
    let listener = TcpListener::bind(&*address.parse::<ListenAddress>()?.resolve()?)?;
    let config = flag("--web.config.file=");
    let web = Web::read(config.as_deref().map(Path::new), "foreign_registry")?;
    Ok(serve_registry(listener, web).await?)
}
