# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_azure_billing_exporter_global_optspecs
    string join \n h/help V/version
end

function __fish_azure_billing_exporter_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s -i (__fish_azure_billing_exporter_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_azure_billing_exporter_using_subcommand
    set -l cmd (__fish_azure_billing_exporter_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -s V -l version -d 'Print version'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "serve" -d 'Poll Azure and serve /metrics and a status page until stopped'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "demo" -d 'Try everything on a simulated enrollment: no account, data within seconds'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "once" -d 'Poll every scope once and write the metrics to stdout or a file'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "check" -d 'Check the configuration, and with --online also whether Azure gives access'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "backfill" -d 'Write closed months as history, a sample a day, to a file or by remote write'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "simulate" -d 'Serve a simulated Azure API, for trying other clients and for tests'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "healthcheck" -d 'Ask the exporter on this machine whether it is alive'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l config.file -d 'YAML configuration file; see docs/configuration.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l scope -d 'Scope to read, repeatable, in place of a file; the credential comes from the environment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.listen-address -d 'Address to listen on, repeatable: :PORT is every interface' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.external-url -d 'URL by which browsers reach the exporter, for example through a proxy; see docs/web.md' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.route-prefix -d 'Path that all routes are below [default: the path of --web.external-url]' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.telemetry-path -d 'Path of the metrics, below --web.route-prefix' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.config.file -d 'File with TLS, users and headers, as other exporters have it; see docs/web.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l web.max-requests -d 'Most scrapes at the same time, others get 503; 0 means no limit' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.listen-address -d 'Address to listen on, repeatable' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.external-url -d 'URL by which browsers reach the exporter, for example through a proxy; see docs/web.md' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.route-prefix -d 'Path that all routes are below [default: the path of --web.external-url]' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.telemetry-path -d 'Path of the metrics, below --web.route-prefix' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.config.file -d 'File with TLS, users and headers, as other exporters have it; see docs/web.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l web.max-requests -d 'Most scrapes at the same time, others get 503; 0 means no limit' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l seed -d 'Number the data is made from: the same seed gives the same rows' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l days -d 'Days of usage up to today' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l resources -d 'Resources of the enrollment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l rows -d 'Rows of all days together; without it, two for each resource and day' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l surge -d 'Set the usage of a service to PERCENT of what it was, from a day on; repeatable' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l outage-days -d 'Newest days without any usage, as if Azure had not rated them yet' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -l config.file -d 'YAML configuration file; see docs/configuration.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -l scope -d 'Scope to read, repeatable, in place of a file; the credential comes from the environment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -l output -d 'File to write, whole or not at all; without it, stdout. A scope that failed has no costs in it' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand once" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l config.file -d 'YAML configuration file; see docs/configuration.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l scope -d 'Scope to read, repeatable, in place of a file; the credential comes from the environment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l timeout -d 'How long --online waits for Azure and for its quotas, which allow a few calls a minute' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l web.config.file -d 'Also check this file of --web.config.file' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -l online -d 'Also get a token and ask each scope for its newest days, one call each'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l config.file -d 'YAML configuration file; see docs/configuration.md' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l scope -d 'Scope to read, repeatable, in place of a file; the credential comes from the environment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l from -d 'First month' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l to -d 'Last month, which must be over; at most 36 months together' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l output -d 'OpenMetrics file to write, whole or not at all' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l remote-write -d 'Receiver of remote write 1.0 to send to' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l remote-write.authorization-file -d 'File with the Authorization header for the receiver: `Bearer …` or `Basic …`' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l remote-write.header -d 'Header for the receiver, repeatable, for example X-Scope-OrgID=finance' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l label -d 'Label of every series, repeatable: give those that scraping adds to the live series' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l state -d 'Folder to keep what was read until all is written [default: FILE.backfill-state, or remote-write.backfill-state]' -r -F
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -l instances -d 'Also cost and usage of each resource'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand backfill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l web.listen-address -d 'Address to listen on, repeatable' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l seed -d 'Number the data is made from: the same seed gives the same rows' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l days -d 'Days of usage up to today' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l resources -d 'Resources of the enrollment' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l rows -d 'Rows of all days together; without it, two for each resource and day' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l surge -d 'Set the usage of a service to PERCENT of what it was, from a day on; repeatable' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l outage-days -d 'Newest days without any usage, as if Azure had not rated them yet' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l requests-per-minute -d 'Requests a minute for each type of scope before 429; without it there is no limit' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l error-rate -d 'Share of requests answered with an error' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l latency -d 'Time each answer takes, for example 200ms' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -l web.listen-address -d 'Address the exporter listens on: its own --web.listen-address' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -l web.external-url -d 'URL by which browsers reach the exporter, for example through a proxy; see docs/web.md' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -l web.route-prefix -d 'Path that all routes are below [default: the path of --web.external-url]' -r
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -l log.level -d 'Lowest severity to log: error, warn, info, debug (every request) or trace (libraries too)' -r -f -a "error\t'Something failed and stays so until someone acts'
warn\t'Something failed and is tried again'
info\t'What a run does, a few lines a poll'
debug\t'Every request'
trace\t'Everything, libraries included'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -l log.format -d 'Form of log lines: logfmt, or json for collectors' -r -f -a "logfmt\t'Pairs of key and value, one event a line'
json\t'One JSON object a line, for collectors'"
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand healthcheck" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "serve" -d 'Poll Azure and serve /metrics and a status page until stopped'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "demo" -d 'Try everything on a simulated enrollment: no account, data within seconds'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "once" -d 'Poll every scope once and write the metrics to stdout or a file'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "check" -d 'Check the configuration, and with --online also whether Azure gives access'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "backfill" -d 'Write closed months as history, a sample a day, to a file or by remote write'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "simulate" -d 'Serve a simulated Azure API, for trying other clients and for tests'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "healthcheck" -d 'Ask the exporter on this machine whether it is alive'
complete -c azure-billing-exporter -n "__fish_azure_billing_exporter_using_subcommand help; and not __fish_seen_subcommand_from serve demo once check backfill simulate healthcheck help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
