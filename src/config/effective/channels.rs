//! Settings of webhooks, their headers, and commands.

use super::people::names;
use super::single::{duration, format_word, text};
use super::written::Written;
use super::{Around, Shown, Value, keys_of};
use crate::config::{CommandConfig, WebhookConfig};

/// One table of several: its name, and the settings of its keys, in order.
type Entry = (Option<String>, Vec<Shown>);

impl Around<'_> {
    pub(super) fn webhooks(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let of = |webhook: &WebhookConfig| {
            let table = root.at("webhook").at(&webhook.name);
            let values = keys_of("webhook").map(|key| self.webhook(key, webhook, table)).collect();
            (Some(webhook.name.clone()), values)
        };
        self.config.channels.webhooks.iter().map(of).collect()
    }

    fn webhook(&self, key: &str, webhook: &WebhookConfig, table: Written<'_, '_>) -> Shown {
        let value = match key {
            "format" => text(format_word(webhook.format)),
            "headers" => names(webhook.headers.iter().map(|(name, _)| name.as_str())),
            "allow_http" => Value::Flag(webhook.allow_http),
            "timeout" => duration(webhook.timeout),
            "ca_file" => return table.path(key, self.path, self.env),
            _ => return table.secret(key, self.path, self.env),
        };
        table.shown(key, value)
    }

    /// A header's value is never shown: it may be a password, whatever the header is called.
    pub(super) fn headers(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let of = |webhook: &WebhookConfig| {
            let list = root.at("webhook").at(&webhook.name).list("headers");
            let entry = |((name, _), table): (&(String, _), Written<'_, '_>)| {
                let values = keys_of("headers").map(|key| match key {
                    "name" => table.shown(key, text(name)),
                    _ => table.secret(key, self.path, self.env),
                });
                (Some(format!("{}: {name}", webhook.name)), values.collect())
            };
            webhook.headers.iter().zip(list).map(entry).collect::<Vec<_>>()
        };
        self.config.channels.webhooks.iter().flat_map(of).collect()
    }

    pub(super) fn commands(&self, root: Written<'_, '_>) -> Vec<Entry> {
        let of = |command: &CommandConfig| {
            let table = root.at("command").at(&command.name);
            let values = keys_of("command").map(|key| match key {
                "run" => table.program(key, Some(&command.argv)),
                _ => table.shown(key, duration(command.timeout)),
            });
            (Some(command.name.clone()), values.collect())
        };
        self.config.channels.commands.iter().map(of).collect()
    }
}
