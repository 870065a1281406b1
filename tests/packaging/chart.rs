//! The Helm chart: rendered by Helm's own library for its users, and compared with the schemas of
//! Kubernetes and the exporter's own check.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use azure_billing_exporter::cli::{Cli, Command};
use clap::Parser;
use serde_json::{Value, json};

use crate::{output, root, run, tool};

fn chart(what: &str, argument: &str) -> Process {
    let mut command = Process::new(root().join("scripts/chart"));
    command.args([what, argument]);
    command
}

/// Returns the objects that some values render to.
fn rendered(values: &Value) -> Vec<Value> {
    let mut command = chart("render", &values.to_string());
    let output = command.output().expect("the script starts");
    assert!(output.status.success(), "{values}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Returns the only object of its kind.
fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "more than one {kind}");
    first
}

/// Returns the values of its users: one who looks around, one with a secret, one on AKS with all
/// its features, and one who brings everything.
fn users() -> [Value; 4] {
    let scopes = json!([{"billing_account": "8611537", "name": "contoso"}, {"department": "1234"}]);
    let own = json!({"demo": true});
    let secret = json!({
        "config": {"scopes": scopes, "metrics": {"tags": {"keys": ["team"]}}},
        "credentials": {"existingSecret": "azure"},
        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}],
        "extraArgs": ["--log.level=debug"],
        "serviceMonitor": {"enabled": true},
    });
    let aks = json!({
        "config": {"scopes": scopes, "state": {"path": "/var/lib/azure-billing-exporter/other.redb"}},
        "workloadIdentity": {"enabled": true, "clientId": "00000000-0000-0000-0000-000000000000"},
        "webConfigSecret": "exporter-web",
        "persistence": {"storageClass": "managed-csi", "size": "5Gi"},
        "serviceMonitor": {
            "enabled": true, "labels": {"release": "prometheus"}, "scheme": "https",
            "tlsConfig": {"ca": {"secret": {"name": "exporter-web", "key": "ca.crt"}}},
            "basicAuth": {"username": {"name": "scrape", "key": "user"}, "password": {"name": "scrape", "key": "password"}},
        },
        "prometheusRule": {"enabled": true, "labels": {"release": "prometheus"}},
        "dashboards": {"enabled": true, "annotations": {"grafana_folder": "Azure"}},
        "networkPolicy": {"enabled": true, "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]},
        "image": {"repository": "registry.example.com/azure-billing-exporter", "digest": format!("sha256:{}", "0".repeat(64))},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
    });
    let all_theirs = json!({
        "existingConfig": {"secret": "exporter-config"},
        "persistence": {"enabled": false},
        "serviceAccount": {"create": false, "name": "billing"},
        "networkPolicy": {"enabled": true, "egress": [{"ports": [{"port": 3128}]}]},
        "extraVolumes": [{"name": "ca", "secret": {"secretName": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": true}],
        "fullnameOverride": "billing",
        "podLabels": {"team": "finops"},
    });
    [own, secret, aks, all_theirs]
}

/// Checks objects against the schemas of the oldest and the newest Kubernetes, except those of the
/// Prometheus operator, which they do not include.
fn judged(objects: &[Value]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let operators = ["ServiceMonitor", "PrometheusRule"];
    let core =
        objects.iter().filter(|object| !operators.iter().any(|kind| object["kind"] == *kind));
    let files: Vec<_> = core
        .enumerate()
        .map(|(index, object)| {
            let file = folder.path().join(format!("{index}.json"));
            fs::write(&file, object.to_string()).expect("room for a file");
            file
        })
        .collect();
    let mut good = true;
    let mut said = String::new();
    for version in ["1.25", "1.37"] {
        let mut validate = Process::new(tool("kubernetes-validate"));
        validate.args(["--strict", "--quiet", "-k", version]).args(&files);
        let (succeeded, text) = run(&mut validate);
        good &= succeeded;
        said += &text;
    }
    (good, said)
}

#[test]
fn helm_and_the_schemas_of_kubernetes_find_nothing_for_any_user() {
    for values in users() {
        output(&mut chart("lint", &values.to_string()));
        let (good, said) = judged(&rendered(&values));
        assert!(good, "{values}: {said}");
    }
    let mut wrong = rendered(&users()[0]);
    let deployment = wrong.iter_mut().find(|object| object["kind"] == "Deployment");
    deployment.expect("a deployment")["spec"]["replicas"] = json!("two");
    assert!(!judged(&wrong).0, "they would see a mistake");
}

#[test]
fn it_is_one_locked_down_process_that_is_never_there_twice() {
    for values in users() {
        let objects = rendered(&values);
        let deployment = &only(&objects, "Deployment")["spec"];
        assert_eq!(deployment["replicas"], 1);
        assert_eq!(deployment["strategy"], json!({"type": "Recreate"}));
        let pod = &deployment["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["fsGroup"], 65532);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let container = &pod["containers"][0];
        let locked = json!({
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}
        });
        assert_eq!(container["securityContext"], locked);
        let asked = if values.get("webConfigSecret").is_some() {
            json!({"exec": {"command": ["/usr/bin/azure-billing-exporter", "healthcheck"]}})
        } else {
            json!({"httpGet": {"path": "/-/healthy", "port": "http"}})
        };
        for probe in ["livenessProbe", "readinessProbe"] {
            for (key, wanted) in asked.as_object().expect("a probe") {
                assert_eq!(&container[probe][key], wanted, "{probe}");
            }
        }
        let labels = deployment["template"]["metadata"]["labels"].as_object().expect("labels");
        let service = &only(&objects, "Service")["spec"];
        let selector = service["selector"].as_object().expect("a selector");
        assert!(selector.iter().all(|(name, value)| labels.get(name) == Some(value)));
        assert_eq!(&deployment["selector"]["matchLabels"], &service["selector"]);
        let test = only(&objects, "Pod")["metadata"]["labels"].as_object().expect("labels");
        assert!(!selector.iter().all(|(name, value)| test.get(name) == Some(value)));
    }
}

#[test]
fn the_exporter_takes_the_configuration_that_is_rendered() {
    for (values, state) in users().iter().zip([None, Some("state.redb"), Some("other.redb"), None])
    {
        let objects = rendered(values);
        let Some(state) = state else {
            assert!(!objects.iter().any(|object| object["data"]["config.yaml"].is_string()));
            continue;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let text = objects.iter().find_map(|object| object["data"]["config.yaml"].as_str());
        let text = text.expect("a configuration");
        assert!(text.contains(&format!("path: /var/lib/azure-billing-exporter/{state}")), "{text}");
        fs::write(folder.path().join("config.yaml"), text).expect("room for a file");
        let mut check = crate::process::program();
        check.arg("check").arg("--config.file").arg(folder.path().join("config.yaml"));
        let said = output(&mut check);
        assert!(said.contains("contoso") && said.contains("department/1234"), "{said}");
    }
}

#[test]
fn probes_and_scrapes_ask_below_the_path_that_the_exporter_is_given() {
    for (given, prefix) in [
        (json!({"externalUrl": "https://finops.example.com/costs/"}), "/costs"),
        (json!({"externalUrl": "/a/b"}), "/a/b"),
        (json!({"externalUrl": "https://finops.example.com"}), ""),
        (json!({"externalUrl": "https://finops.example.com/costs/", "routePrefix": "/"}), ""),
        (json!({"routePrefix": "costs/"}), "/costs"),
    ] {
        for web in ["", "exporter-web"] {
            let mut values =
                json!({"demo": true, "webConfigSecret": web, "serviceMonitor": {"enabled": true}});
            let more = given.as_object().expect("values").clone();
            values.as_object_mut().expect("values").extend(more);
            let objects = rendered(&values);
            let container =
                &only(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
            let asks = [json!("healthcheck"), json!(format!("--web.route-prefix={prefix}"))];
            let asks = if prefix.is_empty() { &asks[..1] } else { &asks[..] };
            for probe in ["livenessProbe", "readinessProbe"] {
                let probe = &container[probe];
                match web {
                    "" => assert_eq!(probe["httpGet"]["path"], format!("{prefix}/-/healthy")),
                    _ => {
                        assert_eq!(&probe["exec"]["command"].as_array().expect("words")[1..], asks)
                    }
                }
            }
            let scraped = &only(&objects, "ServiceMonitor")["spec"]["endpoints"][0]["path"];
            assert_eq!(scraped, &format!("{prefix}/metrics"));
            let test = &only(&objects, "Pod")["spec"]["containers"][0]["args"];
            assert_eq!(&test.as_array().expect("words")[..asks.len()], asks);
            // The flags, as the program reads them, lead to the same path.
            let words = ["azure-billing-exporter"].into_iter();
            let args = container["args"].as_array().expect("words").iter();
            let args = args.map(|word| word.as_str().expect("a word"));
            let cli = Cli::try_parse_from(words.chain(args)).expect("its own flags");
            let Command::Demo(demo) = cli.command else { panic!("no demo: {:?}", cli.command) };
            assert_eq!(demo.web.path.prefix().as_str(), prefix, "{given}");
        }
    }
}

#[test]
fn a_changed_configuration_restarts_the_pod() {
    let sum = |department: &str| {
        let objects = rendered(&json!({"config": {"scopes": [{"department": department}]}}));
        let template = &only(&objects, "Deployment")["spec"]["template"];
        template["metadata"]["annotations"]["checksum/config"].clone()
    };
    assert!(sum("1").is_string());
    assert_ne!(sum("1"), sum("2"));
}

#[test]
fn rules_and_dashboards_are_those_of_the_project() {
    let objects = rendered(&users()[2]);
    for (kind, folder) in
        [("PrometheusRule", "deploy/prometheus/rules"), ("ConfigMap", "grafana/dashboards")]
    {
        let files = fs::read_dir(root().join(folder)).expect("a folder").count();
        let carried = objects
            .iter()
            .filter(|object| object["kind"] == kind && object["data"]["config.yaml"].is_null());
        assert!(files > 0);
        assert_eq!(carried.count(), files, "{folder}");
    }
    let alerts =
        fs::read_to_string(root().join("deploy/prometheus/rules/alerts.yml")).expect("alerts");
    let wanted = alerts.matches("- alert: ").count();
    let rules = objects.iter().filter(|object| object["kind"] == "PrometheusRule");
    let groups = rules.flat_map(|rule| rule["spec"]["groups"].as_array().expect("groups"));
    let rules = groups.flat_map(|group| group["rules"].as_array().expect("rules"));
    assert_eq!(rules.filter(|rule| rule["alert"].is_string()).count(), wanted);
    let boards =
        objects.iter().filter(|object| object["metadata"]["labels"]["grafana_dashboard"] == "1");
    for board in boards {
        let data = board["data"].as_object().expect("data");
        let (name, text) = data.iter().next().expect("a dashboard");
        let file = root().join("grafana/dashboards").join(name.replace("azure-billing-", ""));
        let file = fs::read_to_string(file).expect("a dashboard");
        assert_eq!(text.as_str().expect("text").trim_end(), file.trim_end(), "{name}");
        assert!(text.as_str().is_some_and(|text| text.len() < 900_000), "a ConfigMap holds 1 MiB");
    }
}

#[test]
fn nonsense_is_refused_by_the_name_of_its_key() {
    let one_scope = json!([{"department": "1234"}]);
    for (values, said) in [
        (json!({}), "in exactly one way what is read"),
        (json!({"demo": true, "config": {"scopes": one_scope}}), "in exactly one way what is read"),
        (
            json!({"config": {"poll": {"interval": "6h"}}}),
            "config.scopes says whose bills are read",
        ),
        (json!({"config": {"scope": one_scope}}), "scope"),
        (json!({"demo": "yes"}), "/demo"),
        (json!({"demo": true, "replicas": 2}), "replicas"),
        (json!({"demo": true, "service": {"port": 0}}), "/service/port"),
        (json!({"demo": true, "image": {"digest": "latest"}}), "/image/digest"),
        (
            json!({"demo": true, "serviceMonitor": {"interval": "often"}}),
            "/serviceMonitor/interval",
        ),
        (json!({"demo": true, "workloadIdentity": {"enabled": true}}), "/workloadIdentity"),
        (
            json!({"demo": true, "persistence": {"accessModes": ["ReadOnlyMany"]}}),
            "/persistence/accessModes",
        ),
        (json!({"demo": true, "extraArgs": ["--web.listen-address=:1"]}), "/extraArgs"),
        (json!({"demo": true, "extraArgs": ["--web.route-prefix=/x"]}), "/extraArgs"),
        (json!({"demo": true, "externalUrl": "finops.example.com"}), "/externalUrl"),
    ] {
        let (succeeded, text) = run(&mut chart("render", &values.to_string()));
        assert!(!succeeded, "{values}");
        assert!(text.contains(said), "{values}: {text}");
    }
}

#[test]
fn the_plain_manifests_are_those_of_the_chart() {
    let committed = root().join("deploy/kubernetes");
    let folder = tempfile::tempdir().expect("a folder");
    let by_hand = ["values.yaml", "kustomization.yaml"];
    for name in by_hand {
        fs::copy(committed.join(name), folder.path().join(name)).expect("a file");
    }
    output(&mut chart("manifests", &folder.path().display().to_string()));
    let read = |folder: &Path| -> BTreeMap<String, String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let text = |path| fs::read_to_string(path).expect("text");
        entries.map(|entry| (entry.file_name().display().to_string(), text(entry.path()))).collect()
    };
    let made = read(folder.path());
    assert!(made == read(&committed), "run scripts/chart manifests deploy/kubernetes");
    let kustomization = &made["kustomization.yaml"];
    let listed = kustomization.lines().filter_map(|line| line.strip_prefix("  - "));
    let made = made.keys().map(String::as_str).filter(|name| !by_hand.contains(name));
    assert_eq!(listed.collect::<Vec<_>>(), made.collect::<Vec<_>>());
}
