const script = document.currentScript;

SwaggerUIBundle({
  url: script.dataset.document,
  dom_id: "#swagger",
  // The validator is a site on the internet.
  validatorUrl: null,
});
