/** The style of a report: one column that reads on a screen, and prints on A4 or letter without losing anything. */
export const REPORT_STYLE = `
:root{--ink:#1b1f24;--soft:#57606a;--edge:#d0d7de;--page:#fff;--box:#f6f8fa;--good:#1a7f37;--bad:#b42318;--warn:#8a5a00;--plain:#6e7fa3}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ea7b3;--edge:#3d444d;--page:#0d1117;--box:#161b22;--good:#57c46f;--bad:#ff8b7d;--warn:#e3b341;--plain:#8b9cc4}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1000px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;margin:0 0 4px} h2{font-size:19px;margin:40px 0 8px;border-bottom:1px solid var(--edge);padding-bottom:4px} h3{font-size:15px;margin:20px 0 4px}
p{margin:6px 0} .soft{color:var(--soft)} code,pre,.id{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.id{overflow-wrap:anywhere} pre{background:var(--box);border:1px solid var(--edge);border-radius:6px;padding:10px 12px;overflow-x:auto}
.verdict{border:1px solid var(--edge);border-left:8px solid var(--plain);border-radius:6px;background:var(--box);padding:14px 18px;margin:20px 0}
.verdict strong{font-size:22px;letter-spacing:.02em} .verdict.CONFORMANT{border-left-color:var(--good)} .verdict.CONFORMANT strong{color:var(--good)}
.verdict.TAMPERED,.verdict.DEVIATIONS{border-left-color:var(--bad)} .verdict.TAMPERED strong,.verdict.DEVIATIONS strong{color:var(--bad)}
.verdict.INCOMPLETE{border-left-color:var(--warn)} .verdict.INCOMPLETE strong{color:var(--warn)}
.wide{overflow-x:auto} table{border-collapse:collapse;width:100%;font-size:13px} th,td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;border-bottom:1px solid var(--edge)}
th{color:var(--soft);font-weight:600} td.n,th.n{text-align:right;font-variant-numeric:tabular-nums} td.added{color:var(--good)} td.removed{color:var(--bad)}
svg{width:100%;height:auto;max-width:760px;display:block;font:12px system-ui,sans-serif} svg text{fill:var(--ink)} svg .axis{fill:var(--soft)} svg .grid{stroke:var(--edge)}
svg .good{fill:var(--good)} svg .bad{fill:var(--bad)} svg .plain{fill:var(--plain)}
.legend span::before{content:"";display:inline-block;width:10px;height:10px;margin:0 5px 0 12px;background:currentColor} .legend .g{color:var(--good)} .legend .b{color:var(--bad)} .legend .p{color:var(--plain)}
.columns{columns:2;column-gap:32px} .columns .wide{overflow:visible} .columns tr{break-inside:avoid} td .id{font-size:12px}
nav a{margin-right:14px} a{color:inherit} details>summary{cursor:pointer;color:var(--soft)}
@media print{:root{--ink:#000;--soft:#444;--edge:#bbb;--page:#fff;--box:#fff;--good:#116329;--bad:#a40e26;--warn:#7d4e00;--plain:#55648a}
@page{margin:16mm} main{max-width:none;padding:0} nav{display:none} h2{break-after:avoid} tr,svg,.verdict{break-inside:avoid} thead{display:table-header-group} .wide{overflow:visible} body{font-size:11px} table{font-size:9.5px} td .id{font-size:9px} pre{white-space:pre-wrap;overflow-wrap:anywhere;break-inside:avoid} h3{break-after:avoid}
svg .good,svg .bad,svg .plain{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
