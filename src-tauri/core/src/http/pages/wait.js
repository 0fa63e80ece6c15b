// Waits until a person has answered, then hands the transaction in. The page works without this file.
const form = document.getElementById("finish");
const transaction = new FormData(form).get("transaction");
const PAUSE_AFTER_A_FAULT = 2000;

async function decided() {
  const response = await fetch(`/oauth/wait/${transaction}/state`, { cache: "no-store" });
  if (!response.ok) throw new Error("not answered");
  return (await response.json()).decided;
}

async function wait() {
  for (;;) {
    try {
      if (await decided()) return form.submit();
    } catch {
      await new Promise((resume) => setTimeout(resume, PAUSE_AFTER_A_FAULT));
    }
  }
}

if (form.dataset.decided === "true") form.submit();
else wait();
