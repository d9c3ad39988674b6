import { createRoot } from 'react-dom/client'
import 'slack-blocks-to-jsx/dist/style.css'
import './page.css'
import { App } from './app.tsx'

const root = document.getElementById('page')
if (root) createRoot(root).render(<App />)
