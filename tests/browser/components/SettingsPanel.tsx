'use client'

import { useState, useId } from 'react'
import { Switch } from '@/components/ui/switch'
import { Select, SelectContent, SelectItem, SelectTrigger, SelectValue } from '@/components/ui/select'
import { Separator } from '@/components/ui/separator'
import { Button } from '@/components/ui/button'

type Settings = {
  notifications: { email: boolean; push: boolean; digest: 'never' | 'daily' | 'weekly' }
  privacy: { profile: boolean; activity: boolean }
}

const defaults: Settings = {
  notifications: { email: true, push: false, digest: 'weekly' },
  privacy: { profile: true, activity: false },
}

function Row({ title, hint, children }: { title: string; hint?: string; children: (id: string) => React.ReactNode }) {
  const id = useId()
  return (
    <div className="flex items-center justify-between gap-8 py-4">
      <label htmlFor={id} className="flex flex-col">
        <span className="text-sm font-medium">{title}</span>
        {hint && <span className="text-xs text-muted-foreground">{hint}</span>}
      </label>
      {children(id)}
    </div>
  )
}

export default function SettingsPanel() {
  const [settings, setSettings] = useState<Settings>(defaults)
  const [dirty, setDirty] = useState(false)

  function update<S extends keyof Settings, K extends keyof Settings[S]>(section: S, key: K, value: Settings[S][K]) {
    setSettings((current) => ({ ...current, [section]: { ...current[section], [key]: value } }))
    setDirty(true)
  }

  const { notifications, privacy } = settings

  return (
    <div className="mx-auto max-w-2xl p-8">
      <h1 className="text-2xl font-semibold">Settings</h1>
      <p className="text-sm text-muted-foreground">Changes apply to all of your devices.</p>

      <h2 className="mt-10 text-xs font-semibold uppercase tracking-wide text-muted-foreground">Notifications</h2>
      <Row title="Email" hint="Replies, mentions and the odd receipt">
        {(id) => <Switch id={id} checked={notifications.email} onCheckedChange={(on: boolean) => update('notifications', 'email', on)} />}
      </Row>
      <Separator />
      <Row title="Push">
        {(id) => <Switch id={id} checked={notifications.push} onCheckedChange={(on: boolean) => update('notifications', 'push', on)} />}
      </Row>
      <Separator />
      <Row title="Digest" hint="A summary of what you've missed">
        {(id) => (
          <Select value={notifications.digest} onValueChange={(value: Settings['notifications']['digest']) => update('notifications', 'digest', value)}>
            <SelectTrigger id={id} className="w-32">
              <SelectValue />
            </SelectTrigger>
            <SelectContent>
              {(['never', 'daily', 'weekly'] as const).map((value) => (
                <SelectItem key={value} value={value}>
                  {value[0].toUpperCase() + value.slice(1)}
                </SelectItem>
              ))}
            </SelectContent>
          </Select>
        )}
      </Row>

      <h2 className="mt-10 text-xs font-semibold uppercase tracking-wide text-muted-foreground">Privacy</h2>
      <Row title="Public profile">
        {(id) => <Switch id={id} checked={privacy.profile} onCheckedChange={(on: boolean) => update('privacy', 'profile', on)} />}
      </Row>
      <Separator />
      <Row title="Show my activity" hint={privacy.profile ? undefined : 'Only possible with a public profile'}>
        {(id) => <Switch id={id} disabled={!privacy.profile} checked={privacy.activity} />}
      </Row>

      <div className="mt-10 flex justify-end gap-2">
        <Button variant="ghost" onClick={() => { setSettings(defaults); setDirty(false) }}>Reset</Button>
        <Button disabled={!dirty} onClick={() => setDirty(false)}>{dirty ? 'Save changes' : 'Saved'}</Button>
      </div>
    </div>
  )
}
