import { useState, type FormEvent, type ChangeEvent } from "react";

type Fields = { name: string; email: string; message: string };
type Errors = Partial<Record<keyof Fields, string>>;

const EMAIL = /^[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}$/i;

const validate = (values: Fields): Errors => {
  const errors: Errors = {};
  if (!values.name.trim()) errors.name = "Please tell us your name.";
  if (!EMAIL.test(values.email)) errors.email = "That doesn't look like an email address.";
  if (values.message.length < 10) errors.message = `Just ${10 - values.message.length} more characters…`;
  return errors;
};

export default function ContactForm() {
  const [values, setValues] = useState<Fields>({ name: "", email: "", message: "" });
  const [errors, setErrors] = useState<Errors>({});
  const [state, setState] = useState<"idle" | "sending" | "sent" | "failed">("idle");

  const update = (field: keyof Fields) => (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
    setValues((old) => ({ ...old, [field]: event.target.value }));
    setErrors((old) => ({ ...old, [field]: undefined }));
  };

  async function handleSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const found = validate(values);
    setErrors(found);
    if (Object.values(found).some(Boolean)) return;

    setState("sending");
    try {
      const response = await fetch("/api/contact", { method: "POST", body: JSON.stringify(values) });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      setState("sent");
    } catch (error) {
      console.error(error);
      setState("failed");
    }
  }

  if (state === "sent") {
    return (
      <div role="status" className="mx-auto max-w-lg rounded-xl bg-green-50 p-8 text-center">
        <h2 className="text-xl font-semibold text-green-900">Thank you, {values.name}!</h2>
        <p className="mt-2 text-green-800">We answer within a day.</p>
      </div>
    );
  }

  return (
    <form onSubmit={handleSubmit} noValidate className="mx-auto max-w-lg space-y-6 rounded-xl bg-white p-8 shadow-lg">
      <div>
        <h2 className="text-2xl font-bold text-gray-900">Get in touch</h2>
        <p className="text-sm text-gray-500">We read everything. Even the {"{weird}"} stuff.</p>
      </div>
      {state === "failed" && (
        <p role="alert" className="rounded-md bg-red-50 p-3 text-sm text-red-700">
          Something went wrong. Please try again.
        </p>
      )}
      <label className="block">
        <span className="text-sm font-medium text-gray-700">Name</span>
        <input type="text" name="name" value={values.name} onChange={update("name")} className="mt-1 w-full rounded-md border-gray-300 px-3 py-2" />
        {errors.name && <span className="text-xs text-red-600">{errors.name}</span>}
      </label>
      <label className="block">
        <span className="text-sm font-medium text-gray-700">Email</span>
        <input type="email" name="email" value={values.email} onChange={update("email")} className="mt-1 w-full rounded-md border-gray-300 px-3 py-2" />
        {errors.email && <span className="text-xs text-red-600">{errors.email}</span>}
      </label>
      <label className="block">
        <span className="text-sm font-medium text-gray-700">Message</span>
        <textarea rows={4} name="message" value={values.message} onChange={update("message")} className="mt-1 w-full rounded-md border-gray-300 px-3 py-2" />
        {errors.message && <span className="text-xs text-red-600">{errors.message}</span>}
      </label>
      <button disabled={state === "sending"} className="w-full rounded-md bg-black py-2 text-white disabled:opacity-50">
        {state === "sending" ? "Sending…" : "Send message"}
      </button>
    </form>
  );
}
