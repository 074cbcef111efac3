// Uses names that nobody imports: the host of the page provides Icons, Button and cn.

const navigation = [
  { name: "Inbox", icon: "Inbox", count: 12 },
  { name: "Drafts", icon: "FileText" },
  { name: "Sent", icon: "Send" },
  { name: "Archive", icon: "Archive" },
];

const mails = [
  { from: "Greta", subject: "Boat keys", excerpt: "They're under the blue pot, as always.", unread: true },
  { from: "Harbour Office", subject: "Berth 14 - invoice", excerpt: "Dear Sir or Madam, please find attached", unread: true },
  { from: "Papa", subject: "re: re: re: stove", excerpt: "Have you tried turning it off and on again?", unread: false },
];

export default function AppShell() {
  return (
    <div className="grid min-h-screen grid-cols-[16rem_1fr] bg-white text-gray-900">
      <aside className="flex flex-col border-r bg-gray-50 p-4">
        <div className="mb-6 flex items-center gap-2 px-2 text-lg font-bold">
          <Icons.Anchor className="h-5 w-5 text-blue-700" />
          Pier
        </div>
        <Button className="mb-6 justify-start">
          <Icons.PenLine className="mr-2 h-4 w-4" /> New message
        </Button>
        <nav className="space-y-1">
          {navigation.map((item) => {
            const Icon = Icons[item.icon];
            return (
              <a key={item.name} href={`#${item.name.toLowerCase()}`} className="flex items-center gap-3 rounded-md px-2 py-2 text-sm hover:bg-gray-200">
                <Icon className="h-4 w-4 text-gray-500" />
                <span className="flex-1">{item.name}</span>
                {item.count && <span className="rounded-full bg-blue-700 px-2 text-xs text-white">{item.count}</span>}
              </a>
            );
          })}
        </nav>
        <div className="mt-auto flex items-center gap-3 border-t pt-4">
          <Icons.CircleUser className="h-8 w-8 text-gray-400" />
          <div className="text-sm">
            <p className="font-medium">Solveig Bakken</p>
            <p className="text-gray-500">Free plan</p>
          </div>
        </div>
      </aside>
      <main>
        <header className="flex items-center gap-4 border-b px-6 py-3">
          <Icons.Search className="h-4 w-4 text-gray-400" />
          <input className="flex-1 outline-none" placeholder="Search mail" />
          <Icons.Settings className="h-5 w-5 text-gray-400" />
        </header>
        <ul>
          {mails.map((mail, i) => (
            <li key={i} className={"flex gap-6 border-b px-6 py-4 " + (mail.unread ? "font-semibold" : "text-gray-500")}>
              <span className="w-36 shrink-0 truncate">{mail.from}</span>
              <p className="truncate">
                {mail.subject} <span className="font-normal text-gray-400">— {mail.excerpt}</span>
              </p>
              {mail.unread ? <i className="ml-auto h-2 w-2 rounded-full bg-blue-700" /> : null}
            </li>
          ))}
        </ul>
      </main>
    </div>
  );
}
