// The page: articles, a search, a cart of one article at a time, and an order.
"use strict";

const list = document.querySelector("#products");
const message = document.querySelector("#message");
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
let all = [];
let cart = null;

function show(products) {
  list.replaceChildren(...products.map((product) => {
    const card = document.querySelector("#card").content.cloneNode(true);
    card.querySelector("h2").textContent = product.name;
    card.querySelector(".category").textContent = product.category;
    card.querySelector(".price").textContent = money.format(product.price);
    card.querySelector(".stock").textContent = product.stock > 0 ? `${product.stock} in stock` : "sold out";
    const button = card.querySelector("button");
    button.disabled = product.stock <= 0;
    button.addEventListener("click", () => addToCart(product));
    return card;
  }));
}

function addToCart(product) {
  cart = product;
  GigGatekMonitoring.trackAction("product_view", { product_name: product.name });
  trackFunnelStep("add_to_cart", { product_name: product.name, product_category: product.category });
  document.querySelector("#cart-name").textContent = `${product.name}, ${money.format(product.price)}`;
  document.querySelector("#cart").hidden = false;
  document.querySelector("#cart button").focus();
}

async function order() {
  trackFunnelStep("checkout_start");
  message.textContent = "One moment …";
  const body = {
    product: cart.name, quantity: 1, order_type: "purchase", region: "us-east", country: "US",
    payment_method: "credit_card", is_new_customer: true, ...GigGatekMonitoring.known,
  };
  const answer = await fetch("/api/orders", { method: "POST", body: JSON.stringify(body) });
  const found = await answer.json();
  message.textContent = answer.ok ? `Thank you. Order ${found.order}.` : found.error || "The payment did not go through. Nothing was charged.";
  if (answer.ok) { document.querySelector("#cart").hidden = true; cart = null; }
}

document.querySelector("#cart button").addEventListener("click", order);
document.querySelector("#search").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = new FormData(event.target).get("q");
  if (!asked) return show(all);
  const { found } = await (await fetch(`/api/search?q=${encodeURIComponent(asked)}`)).json();
  show(all.filter((product) => found.includes(product.name)));
  message.textContent = found.length ? "" : `Nothing found for “${asked}”.`;
});

trackFunnelStep("visit");
fetch("/api/products").then((answer) => answer.json()).then((products) => { all = products; show(all); });
