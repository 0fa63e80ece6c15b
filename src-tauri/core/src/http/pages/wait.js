// Waits until a person has answered, then hands the transaction in. The page works without this file.
const form = document.getElementById("finish");
const transaction = new FormData(form).get("transaction");
const PAUSE_AFTER_A_FAULT = 2000;

async function news() {
  const response = await fetch(`/oauth/wait/${transaction}/state`, { cache: "no-store" });
  if (!response.ok) throw new Error("not answered");
  return response.json();
}

async function wait() {
  for (;;) {
    try {
      const { decided, displaced } = await news();
      // The app asked again and no longer waits for this page: it says so.
      if (displaced) return location.replace(`/oauth/wait/${transaction}`);
      if (decided) return form.submit();
    } catch {
      await new Promise((resume) => setTimeout(resume, PAUSE_AFTER_A_FAULT));
    }
  }
}

if (form.dataset.decided === "true") form.submit();
else wait();
