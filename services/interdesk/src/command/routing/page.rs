//! The result of a simulation as one page: tables and charts, nothing from elsewhere.

use super::{Column, lines, missed_by_queue};
use interdesk_domain::routing::simulate::Scenario;
use std::fmt::Write;

const COLOURS: [&str; 6] = [
    "#1f6feb", "#d9822b", "#3d9970", "#b05cc8", "#c0392b", "#777777",
];

/// Writes the page.
pub(super) fn page(day: &Scenario, columns: &[Column]) -> String {
    let title = escape(&day.name);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;\
         padding:0 1rem;color:#222}}table{{border-collapse:collapse}}td,th{{padding:.25rem .75rem;\
         border-bottom:1px solid #ddd;text-align:right}}th:first-child,td:first-child{{\
         text-align:left}}svg{{max-width:100%;height:auto}}text{{font:12px system-ui,sans-serif}}\
         </style></head>\n<body><h1>{title}</h1>\n<p>{} work items, {} agents. The same arrivals \
         under each policy.</p>\n",
        day.arrivals.len(),
        day.state.agents.len()
    );
    table(&mut page, columns);
    let values = |value: &dyn Fn(&Column) -> f64| columns.iter().map(value).collect::<Vec<_>>();
    let at = |permille: usize| {
        values(&|column: &Column| column.report.all.waits.at(permille).num_seconds() as f64)
    };
    let waits = [("p50", at(500)), ("p90", at(900)), ("p99", at(990))];
    chart(&mut page, "Waited, seconds", columns, &waits);
    let missed = values(&|column: &Column| column.report.all.missed as f64);
    let mut groups = vec![("all".to_owned(), missed)];
    for (place, row) in missed_by_queue(columns).into_values().enumerate() {
        let row = row.into_iter().map(|missed| missed as f64).collect();
        groups.push((format!("queue {}", place + 1), row));
    }
    chart(&mut page, "Deadlines missed", columns, &groups);
    let mut loads = Vec::new();
    for (place, agent) in day.state.agents.keys().enumerate().take(60) {
        let load = values(&|column: &Column| {
            let load = column.report.agents.get(agent);
            load.map_or(0.0, |load| load.busy_ms as f64 / 60_000.0)
        });
        loads.push((format!("{}", place + 1), load));
    }
    chart(&mut page, "Minutes of work by agent", columns, &loads);
    page.push_str("</body></html>\n");
    page
}

fn table(page: &mut String, columns: &[Column]) {
    page.push_str("<table><tr><th></th>");
    for column in columns {
        let _ = write!(page, "<th>{}</th>", escape(&column.name));
    }
    page.push_str("</tr>\n");
    for (name, value) in lines() {
        let _ = write!(page, "<tr><td>{name}</td>");
        for column in columns {
            let _ = write!(page, "<td>{}</td>", escape(&value(&column.report)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

/// Draws groups of bars, one bar for each column.
fn chart(
    page: &mut String,
    title: &str,
    columns: &[Column],
    groups: &[(impl AsRef<str>, Vec<f64>)],
) {
    let (width, height, left) = (880.0, 240.0, 60.0);
    let most = groups.iter().flat_map(|(_, values)| values);
    let most = most.copied().fold(1.0_f64, f64::max);
    let _ = write!(
        page,
        "<h2>{title}</h2>\n<svg viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"{title}\">\n",
        height + 60.0
    );
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let y = 10.0 + height * (1.0 - share);
        let _ = writeln!(
            page,
            "<line x1=\"{left}\" x2=\"{width}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0}</text>",
            left - 6.0,
            y + 4.0,
            most * share
        );
    }
    let room = (width - left) / groups.len().max(1) as f64;
    let bar = room * 0.8 / columns.len().max(1) as f64;
    for (place, (name, values)) in groups.iter().enumerate() {
        let begin = left + room * place as f64 + room * 0.1;
        for (number, value) in values.iter().enumerate() {
            let tall = height * value / most;
            let _ = writeln!(
                page,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\" fill=\"{}\">\
                 <title>{}: {value:.0}</title></rect>",
                begin + bar * number as f64,
                10.0 + height - tall,
                bar * 0.9,
                COLOURS[number % COLOURS.len()],
                escape(&columns[number].name)
            );
        }
        let _ = writeln!(
            page,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            begin + room * 0.4,
            height + 26.0,
            escape(name.as_ref())
        );
    }
    for (number, column) in columns.iter().enumerate() {
        let x = left + number as f64 * 138.0;
        let _ = writeln!(
            page,
            "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            height + 40.0,
            COLOURS[number % COLOURS.len()],
            x + 14.0,
            height + 49.0,
            escape(&column.name)
        );
    }
    page.push_str("</svg>\n");
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use interdesk_domain::routing::simulate::run;
    use interdesk_domain::routing::simulate::synthetic::{Kind, Recipe, scenario};

    #[test]
    fn a_page_holds_everything_itself_and_no_name_breaks_it() {
        let day = scenario(Recipe::usual(Kind::Peak, 3, 1));
        let columns = ["present policy", "<script>\"&"].map(|name| Column {
            name: name.to_owned(),
            report: run(&day),
        });
        let page = page(&day, &columns);
        assert_eq!(page.matches("<svg").count(), 3);
        assert!(page.contains("Deadlines missed") && page.contains("fairness (Jain)"));
        for foreign in ["<script", "http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}
