/// The look of the page, and the few lines that let the two sides find each other.
enum ReportStyle {
    static let css = """
        :root{--ink:#1d2430;--soft:#5d6878;--line:#e3e7ee;--paper:#fff;--ground:#f5f7fa;--up:#1a8a5a;
        --down:#c8413b;--same:#a9b2c0;--accent:#2757c9;--mark:#ffe9a8}
        @media (prefers-color-scheme:dark){:root{--ink:#e6eaf2;--soft:#98a3b5;--line:#2c3442;
        --paper:#1a202b;--ground:#12161e;--up:#4cc48c;--down:#f07a72;--same:#5b6678;--accent:#84a8ff;
        --mark:#5d4d12}}
        *{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
        font:15px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif}
        main{max-width:1180px;margin:0 auto;padding:36px 24px 60px}
        .kicker{margin:0;color:var(--accent);font-weight:600;letter-spacing:.08em;font-size:12px;
        text-transform:uppercase}h1{margin:.1em 0 .2em;font-size:32px;letter-spacing:-.01em}
        h2{margin:0 0 4px;font-size:19px}h3{margin:0;font-size:13px;color:var(--soft);font-weight:600}
        .versus{margin:0 0 16px;font-size:16px}.versus .before{color:var(--soft)}.versus .after
        {font-weight:600}.arrow{color:var(--accent);margin:0 6px}
        .facts{display:flex;flex-wrap:wrap;gap:10px 28px;margin:0 0 22px}.facts dt{color:var(--soft);
        font-size:12px}.facts dd{margin:0;font-weight:600}
        section,.gate,figure{background:var(--paper);border:1px solid var(--line);border-radius:12px;
        padding:20px 22px;margin:0 0 18px}section.cards{display:grid;gap:14px;padding:0;border:0;
        background:none;grid-template-columns:repeat(auto-fit,minmax(220px,1fr))}
        .card{background:var(--paper);border:1px solid var(--line);border-top:4px solid var(--same);
        border-radius:12px;padding:14px 18px}.card.up{border-top-color:var(--up)}
        .card.down{border-top-color:var(--down)}.card p{margin:0}.value{font-size:30px;font-weight:700;
        font-variant-numeric:tabular-nums}.card .delta{font-weight:600}.card.up .delta,.up{color:var(--up)}
        .card.down .delta,.down{color:var(--down)}.same{color:var(--soft)}small,.fine{color:var(--soft);
        font-weight:400;font-size:12px}.hint{color:var(--soft);margin:0 0 12px;font-size:13.5px}
        .gate.pass{border-left:5px solid var(--up);font-weight:600}.gate.fail{border-left:5px solid
        var(--down)}.gate ul{margin:6px 0}.gate p{margin:0}a{color:var(--accent)}
        .chart{width:100%;height:auto;display:block}.grid{stroke:var(--line)}.axis{stroke:var(--same)}
        .tick{fill:var(--soft);font-size:11px}.bar.up{fill:var(--up)}.bar.down{fill:var(--down)}
        .bar.same{fill:var(--same)}.bar.total{fill:var(--accent)}a .bar:hover{opacity:.65}
        .label{fill:var(--ink);font-size:12px}.series polyline{fill:none;stroke-width:2.5}
        .series text{font-size:12px;font-weight:600}.s0 polyline{stroke:#2757c9}.s0{fill:#2757c9}
        .s1 polyline{stroke:#b4551d}.s1{fill:#b4551d}.s2 polyline{stroke:#1a8a5a}.s2{fill:#1a8a5a}
        .s3 polyline{stroke:#8a3fb0}.s3{fill:#8a3fb0}.scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
        th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
        th:first-child{text-align:left}thead th{color:var(--soft);font-weight:600;font-size:12px}
        .query{border-top:1px solid var(--line);padding:6px 0}.query summary{display:flex;gap:14px;
        align-items:baseline;cursor:pointer;padding:8px 4px;list-style:none}.query summary:hover{
        background:var(--ground)}.id{color:var(--soft);font:12px ui-monospace,monospace;min-width:44px}
        .text{flex:1;font-weight:600}.query .delta{font-weight:700;font-variant-numeric:tabular-nums}
        .lists{display:grid;grid-template-columns:1fr 250px 1fr;align-items:start;margin-bottom:14px}
        .results{margin:0;padding:0;list-style:none}.results li{height:64px;padding:6px 10px;
        border-bottom:1px solid var(--line);overflow:hidden;font-size:13px;line-height:1.35;
        border-radius:6px}.results p{margin:1px 0 0;color:var(--soft);font-size:11.5px;display:-webkit-box;
        -webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}.score{float:right;
        color:var(--soft);font-size:11.5px;font-variant-numeric:tabular-nums}mark{background:var(--mark);
        color:inherit;border-radius:2px;padding:0 1px}.grade{font-style:normal;font-size:11px;font-weight:700;
        display:inline-block;width:17px;text-align:center;margin-right:6px;border-radius:4px;
        background:var(--line);color:var(--soft)}.g1{background:#cfe8dc;color:#14603f}
        .g2{background:#7cc9a3;color:#0b3d28}.g3{background:#1a8a5a;color:#fff}
        .slope path{fill:none;stroke-width:2;opacity:.75}.slope .same{stroke:var(--same);fill:none}
        .slope .up{stroke:var(--up)}.slope .down{stroke:var(--down)}.slope circle{stroke:none!important}
        .slope circle.same{fill:var(--same)}.slope circle.up{fill:var(--up)}.slope circle.down{
        fill:var(--down)}.cause{font-size:10.5px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);
        stroke-width:4px}.hot{background:var(--ground);box-shadow:inset 3px 0 var(--accent)}
        .slope path.hot{stroke-width:5;opacity:1}figure{padding:14px 18px}figcaption{font-weight:600;
        margin-bottom:8px;font-size:14px}footer{color:var(--soft);font-size:12.5px}
        @media (max-width:820px){.lists{grid-template-columns:1fr}.slope{display:none}}
        """

    static let script = """
        document.addEventListener('mouseover',function(e){var d=e.target.closest('[data-doc]');
        document.querySelectorAll('.hot').forEach(function(x){x.classList.remove('hot')});if(!d)return;
        var q=d.closest('.query');q.querySelectorAll('[data-doc]').forEach(function(x){
        if(x.dataset.doc===d.dataset.doc)x.classList.add('hot')})});
        function openTarget(){var t=document.getElementById(decodeURIComponent(location.hash.slice(1)));
        if(t&&t.tagName==='DETAILS'){t.open=true;t.scrollIntoView()}}
        addEventListener('hashchange',openTarget);openTarget();
        """
}
