import Image from "next/image"
import { Github, Twitter, Linkedin } from "lucide-react"
import { Avatar, AvatarFallback, AvatarImage } from "@/components/ui/avatar"
import { Badge } from "@/components/ui/badge"

type Social = "github" | "twitter" | "linkedin"

const icons = { github: Github, twitter: Twitter, linkedin: Linkedin } satisfies Record<Social, unknown>

const team: {
  name: string
  role: string
  photo?: string
  social: Partial<Record<Social, string>>
  founder?: boolean
}[] = [
  { name: "Amara Osei", role: "Chief gardener", photo: "/team/amara.jpg", social: { github: "amara", linkedin: "amara-osei" }, founder: true },
  { name: "Jonas Lind", role: "Soil & systems", photo: "/team/jonas.jpg", social: { github: "jlind" } },
  { name: "Wei Zhang", role: "Light", social: { twitter: "weizhang", github: "wz" }, founder: true },
  { name: "Lucia Romano", role: "Customers", photo: "/team/lucia.jpg", social: {} },
]

const initials = (name: string) => name.split(" ").map(([first]) => first).join("")

export default function TeamGrid() {
  return (
    <section className="container mx-auto px-4 py-24">
      <header className="mx-auto max-w-2xl text-center">
        <h2 className="text-3xl font-bold tracking-tight sm:text-4xl">The people in the mud</h2>
        <p className="mt-4 text-lg text-muted-foreground">
          We&apos;re a team of {team.length}, spread over three time zones and one greenhouse.
        </p>
      </header>
      <div className="relative mx-auto mt-12 h-64 max-w-5xl overflow-hidden rounded-2xl">
        <Image src="/team/greenhouse.jpg" alt="All of us in the greenhouse" fill className="object-cover" />
      </div>
      <ul className="mx-auto mt-16 grid max-w-5xl grid-cols-1 gap-x-8 gap-y-12 sm:grid-cols-2 lg:grid-cols-4">
        {team.map(({ name, role, photo, social, founder }) => (
          <li key={name} className="flex flex-col items-center text-center">
            <Avatar className="h-24 w-24">
              {photo && <AvatarImage src={photo} alt={name} />}
              <AvatarFallback>{initials(name)}</AvatarFallback>
            </Avatar>
            <h3 className="mt-4 text-base font-semibold">{name}</h3>
            <p className="text-sm text-muted-foreground">{role}</p>
            {founder && (
              <Badge variant="outline" className="mt-2">
                Founder
              </Badge>
            )}
            {Object.keys(social).length > 0 ? (
              <div className="mt-4 flex gap-3">
                {(Object.entries(social) as [Social, string][]).map(([network, handle]) => {
                  const Icon = icons[network]
                  return (
                    <a key={network} href={`#${network}/${handle}`} title={`${name} on ${network}`}>
                      <Icon className="h-4 w-4" />
                    </a>
                  )
                })}
              </div>
            ) : (
              <p className="mt-4 text-xs italic text-muted-foreground">Not online. Lucky.</p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
