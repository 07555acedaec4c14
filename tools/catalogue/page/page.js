"use strict";
// Everything is in the document already; this shows one view at a time, searches and
// copies. Without it all views stand below one another.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const views = all(".view");
  const search = document.getElementById("search");
  const said = document.getElementById("said");
  const same = document.getElementById("same");
  const findable = all("[data-find]").map((element) => ({
    element,
    text: element.textContent.toLowerCase(),
    view: element.closest(".view").id,
  }));

  // The address has the view, or something in it, and the search: #env-dev?pool
  const address = () => {
    const [id, ...query] = location.hash.slice(1).split("?");
    return { id: id || views[0].id, query: decodeURIComponent(query.join("?")) };
  };

  const show = (id) => {
    const target = document.getElementById(id) || views[0];
    const view = target.closest(".view") || views[0];
    views.forEach((one) => {
      one.hidden = one !== view;
      one.classList.add("alone");
    });
    all(".top nav a").forEach((link) => {
      if (link.hash === `#${view.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    document.title = `${view.querySelector("h1").firstChild.textContent.trim()} · ${title}`;
    all(".found").forEach((one) => one.classList.remove("found"));
    if (target === view) return window.scrollTo(0, 0);
    target.classList.add("found");
    const details = target.querySelector("details");
    if (details) details.open = true;
    target.scrollIntoView({ block: "nearest" });
  };
  const title = document.title;

  const filter = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = {};
    findable.forEach(({ element, text, view }) => {
      const found = words.every((word) => text.includes(word));
      const spared = words.length || !same || same.checked || !("same" in element.dataset);
      element.hidden = !(found && spared);
      if (found) hits[view] = (hits[view] || 0) + 1;
    });
    all("[data-group]").forEach((group) => {
      group.hidden = words.length > 0 && !group.querySelector("[data-find]:not([hidden])");
    });
    all("[data-node]").forEach((node) => {
      const row = document.getElementById(node.dataset.node);
      node.classList.toggle("dim", words.length > 0 && row.hidden);
    });
    all("[data-hits]").forEach((place) => {
      place.textContent = words.length ? hits[place.dataset.hits] || 0 : "";
      if (words.length) place.insertAdjacentHTML("beforeend", '<span class="quiet"> found</span>');
    });
    const sum = Object.values(hits).reduce((a, b) => a + b, 0);
    said.textContent = words.length ? `${sum} found for ${words.join(" ")}` : "";
  };

  const follow = () => {
    const { id, query } = address();
    search.value = query;
    filter(query);
    show(id);
  };

  search.closest("form").hidden = false;
  search.closest("form").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", () => {
    const view = views.find((one) => !one.hidden);
    const query = search.value.trim();
    const tail = query ? `?${encodeURIComponent(query)}` : "";
    history.replaceState(null, "", `#${view.id}${tail}`);
    filter(query);
  });
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      search.dispatchEvent(new Event("input"));
    }
  });
  // A view is changed with the search kept.
  all(".top nav a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    const query = search.value.trim();
    history.pushState(null, "", link.hash + (query ? `?${encodeURIComponent(query)}` : ""));
    show(link.hash.slice(1));
  }));
  window.addEventListener("hashchange", follow);
  window.addEventListener("popstate", follow);
  if (same) {
    same.closest("label").hidden = false;
    same.addEventListener("change", () => filter(search.value));
  }

  const put = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard for this page, or none in this browser: the old way.
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "quiet";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  all(".copy").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await put(button.closest(".copyable").querySelector("code").textContent);
      button.focus();
      button.classList.add("done");
      said.textContent = "Copied";
      setTimeout(() => button.classList.remove("done"), 1600);
    });
  });

  all(".graph").forEach((graph) => {
    const edges = all(".edge", graph);
    all(".node", graph).forEach((node) => {
      const id = node.dataset.node;
      node.addEventListener("mouseenter", () => {
        const near = new Set([id]);
        edges.forEach((edge) => {
          const joined = edge.dataset.from === id || edge.dataset.to === id;
          edge.classList.toggle("near", joined);
          if (joined) near.add(edge.dataset.from).add(edge.dataset.to);
        });
        all(".node", graph).forEach((one) => one.classList.toggle("near", near.has(one.dataset.node)));
        graph.classList.add("pointed");
      });
      node.addEventListener("mouseleave", () => graph.classList.remove("pointed"));
      node.addEventListener("click", () => { location.hash = id; });
    });
  });
  follow();
})();
