-- What Quarto adds to pandoc's Markdown, for HTML and Typst: numbered floats and equations,
-- cross references, callouts, layouts, content for one format, page breaks. For Word, word.lua
-- writes what is numbered and resolved here.

local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil
local names = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
local targets = {}
local counts = { fig = 0, tbl = 0, eq = 0 }

local function raw(text)
  return pandoc.RawBlock(html and "html" or "typst", text)
end

local function raw_inline(text)
  return pandoc.RawInline(html and "html" or "typst", text)
end

local function typst_string(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", " ") .. '"'
end

local function html_text(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function kind_of(id)
  local kind = id:match("^(%a+)%-")
  return names[kind] and kind or nil
end

local function register(id, kind, text)
  if targets[id] then
    error("MOT: the label '" .. id .. "' is used twice. Give each its own.")
  end
  targets[id] = names[kind] .. "\u{a0}" .. text
end

-- Content for one format, tabsets, outputs in HTML -----------------------------------------

local function is_for_us(value)
  return value == (html and "html" or FORMAT)
end

local function select_content(div)
  local when, unless = div.attributes["when-format"], div.attributes["unless-format"]
  if not (div.classes:includes("content-visible") or div.classes:includes("content-hidden")) then
    return nil
  end
  local met = (when == nil or is_for_us(when)) and (unless == nil or not is_for_us(unless))
  if met == div.classes:includes("content-visible") then
    return div.content
  end
  return {}
end

-- A frame's HTML says nothing of its columns; numbers belong to the right.
local function align_by_content(tbl)
  local words, cells = {}, {}
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do
      for position, cell in ipairs(row.cells) do
        local text = pandoc.utils.stringify(cell.contents):gsub("\u{2212}", "-")
        cells[position] = true
        words[position] = words[position] or not (text == "" or text:match("^[-+]?[%d.,]+ ?%%?$"))
      end
    end
  end
  for position, spec in ipairs(tbl.colspecs) do
    spec[1] = cells[position] and not words[position] and "AlignRight" or "AlignLeft"
  end
  for _, row in ipairs(tbl.head.rows) do
    row.attr = pandoc.Attr()
  end
  return tbl
end

local function read_html_output(block)
  if block.classes:includes("mot-html") then
    return pandoc.read(block.text, "html"):walk({ Table = align_by_content }).blocks
  end
end

local function flatten_tabset(div)
  if div.classes:includes("panel-tabset") then
    return div.content
  end
end

-- Callouts: a heading at the top is the title, and no section ----------------------------

local callouts = {
  note = "Note", tip = "Tip", warning = "Warning", important = "Important", caution = "Caution",
}

local function callout_kind(div)
  for _, class in ipairs(div.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if callouts[kind] then
      return kind
    end
  end
end

local function title_callout(div)
  local kind = callout_kind(div)
  if not kind then
    return nil
  end
  local title = pandoc.Plain({ pandoc.Str(div.attributes["title"] or callouts[kind]) })
  if not div.attributes["title"] and div.content[1] and div.content[1].t == "Header" then
    title = pandoc.Plain(div.content[1].content)
    div.content:remove(1)
  end
  div.content:insert(1, title)
  return div
end

-- Floats: any figure or table with a label or a caption becomes one Div of the same shape ----

local function float(kind, id, content, caption)
  local div = pandoc.Div(content, pandoc.Attr(id, { "mot-float" }, { kind = kind }))
  if caption and #caption > 0 then
    div.content:insert(pandoc.Div({ pandoc.Para(caption) }, pandoc.Attr("", { "mot-caption" })))
  end
  return div
end

local function figure_to_float(figure)
  local caption = pandoc.utils.blocks_to_inlines(figure.caption.long)
  return float("fig", figure.identifier, figure.content, caption)
end

local function table_to_float(tbl)
  local caption = pandoc.utils.blocks_to_inlines(tbl.caption.long)
  if #caption == 0 then
    return nil
  end
  local id = tbl.identifier
  tbl.identifier = ""
  tbl.caption.long = {}
  return float("tbl", id, { tbl }, caption)
end

-- A Div written by hand (::: {#fig-x}) has its caption as its last paragraph.
local function div_to_float(div)
  local kind = kind_of(div.identifier)
  if div.classes:includes("mot-subfigure") or (kind ~= "fig" and kind ~= "tbl") then
    return nil
  end
  local inner = div.content
  if #inner == 1 and inner[1].t == "Div" and inner[1].classes:includes("mot-float") then
    inner = inner[1].content
  end
  local last = inner[#inner]
  if last and last.t == "Div" and last.classes:includes("mot-caption") then
    last = nil
  end
  local plain = last and last.t == "Para" and not (#last.content == 1 and last.content[1].t == "Image")
  local caption = nil
  if plain then
    caption = last.content
    inner:remove(#inner)
  end
  local new = float(kind, div.identifier, inner, caption)
  new.attributes["layout-ncol"] = div.attributes["layout-ncol"]
  return new
end

-- Numbers --------------------------------------------------------------------------------

local function number_float(div)
  if not div.classes:includes("mot-float") or div.identifier == "" then
    return nil
  end
  local kind = div.attributes["kind"]
  if kind_of(div.identifier) ~= kind then
    return nil
  end
  counts[kind] = counts[kind] + 1
  register(div.identifier, kind, tostring(counts[kind]))
  div.attributes["number"] = targets[div.identifier]
  local letter = 0
  div.content = div.content:walk({
    Div = function(inner)
      if inner.classes:includes("mot-subfigure") then
        letter = letter + 1
        local mark = "(" .. string.char(96 + letter) .. ")"
        inner.attributes["number"] = mark
        if inner.identifier ~= "" then
          register(inner.identifier, kind, counts[kind] .. mark)
        end
        return inner
      end
    end,
  })
  return div
end

local function number_equation(block)
  local math, last = block.content[1], block.content[#block.content]
  if #block.content < 2 or math.t ~= "Math" or math.mathtype ~= "DisplayMath" then
    return nil
  end
  local id = last.t == "Str" and last.text:match("^{#(eq%-[%w_-]+)}$")
  if not id then
    return nil
  end
  counts.eq = counts.eq + 1
  register(id, "eq", tostring(counts.eq))
  local number = "(" .. counts.eq .. ")"
  if not typst then
    return pandoc.Div(
      {
        pandoc.Plain({
          pandoc.Span({ math }, pandoc.Attr("", { "equation-body" })),
          pandoc.Span(number, pandoc.Attr("", { "equation-number" })),
        }),
      },
      pandoc.Attr(id, { "equation" })
    )
  end
  local body = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst"):gsub("%s+$", "")
  return raw("#mot-equation(" .. typst_string(number) .. ")[" .. body .. "] <" .. id .. ">")
end

local function number_sections(doc)
  local first = html and 2 or 1
  local numbers = { 0, 0, 0, 0, 0, 0 }
  doc.blocks = doc.blocks:walk({
    Header = function(header)
      if header.classes:includes("unnumbered") then
        return nil
      end
      local level = header.level
      numbers[level] = numbers[level] + 1
      for deeper = level + 1, 6 do
        numbers[deeper] = 0
      end
      local number = table.concat(numbers, ".", first, level)
      if kind_of(header.identifier) == "sec" then
        register(header.identifier, "sec", number)
      end
      header.content:insert(1, pandoc.Span(number .. "\u{2002}", pandoc.Attr("", { "section-number" })))
      return header
    end,
  })
end

-- References -----------------------------------------------------------------------------

local function resolve(cite)
  local links = pandoc.Inlines({})
  for position, citation in ipairs(cite.citations) do
    local text = targets[citation.id]
    if not text then
      error("MOT: the reference '@" .. citation.id .. "' has no target in this document. "
        .. "Label a figure (fig-), a table (tbl-), an equation (eq-), or a section (sec-, with "
        .. "number-sections: true), or write \\@ for the character.")
    end
    if position > 1 then
      links:extend({ pandoc.Str(","), pandoc.Space() })
    end
    if not typst then
      links:insert(pandoc.Link({ pandoc.Str(text) }, "#" .. citation.id))
    else
      links:insert(raw_inline("#link(<" .. citation.id .. ">)[" .. text:gsub("\u{a0}", "~") .. "]"))
    end
  end
  return links
end

-- Writing: HTML --------------------------------------------------------------------------

local function split_caption(div)
  local last = div.content[#div.content]
  if last and last.t == "Div" and last.classes:includes("mot-caption") then
    div.content:remove(#div.content)
    return pandoc.utils.blocks_to_inlines(last.content)
  end
  return pandoc.Inlines({})
end

local function numbered(caption, number)
  if not number then
    return caption
  end
  local is_letter = number:match("^%(")
  local words = (#caption == 0 or is_letter) and number or number .. ":"
  local mark = pandoc.Span(words, pandoc.Attr("", { "float-number" }))
  local out = pandoc.Inlines({ html and mark or pandoc.Strong(words), pandoc.Space() })
  out:extend(caption)
  return out
end

-- Each block of a layout becomes one cell, before writing turns it into several blocks.
local function mark_cells(div)
  if div.attributes["layout-ncol"] then
    div.content = div.content:map(function(block)
      local is_caption = block.t == "Div" and block.classes:includes("mot-caption")
      return is_caption and block or pandoc.Div({ block }, pandoc.Attr("", { "layout-cell" }))
    end)
    return div
  end
end

local function grid(content, columns)
  local count = math.floor(tonumber(columns))
  local out = pandoc.Blocks({})
  if html then
    out:insert(raw('<div class="layout" style="--columns:' .. count .. '">'))
    for _, block in ipairs(content) do
      out:insert(block)
    end
    out:insert(raw("</div>"))
  else
    out:insert(raw("#mot-grid(" .. count .. ")["))
    for position, block in ipairs(content) do
      if position > 1 then
        out:insert(raw("]["))
      end
      out:insert(block)
    end
    out:insert(raw("]"))
  end
  return out
end

local function write_float(div)
  local sub = div.classes:includes("mot-subfigure")
  if not sub and not div.classes:includes("mot-float") then
    return nil
  end
  local kind = div.attributes["kind"] or "fig"
  local caption = numbered(split_caption(div), div.attributes["number"])
  local content = div.content
  if div.attributes["layout-ncol"] then
    content = grid(content, div.attributes["layout-ncol"])
  end
  local out = pandoc.Blocks({})
  if html then
    local id = div.identifier ~= "" and ' id="' .. html_text(div.identifier) .. '"' or ""
    local class = sub and "subfigure" or (kind == "tbl" and "table" or "figure")
    out:insert(raw("<figure" .. id .. ' class="' .. class .. '">'))
    local words = { raw("<figcaption>"), pandoc.Plain(caption), raw("</figcaption>") }
    if kind == "tbl" and #caption > 0 then
      out:extend(words)
    end
    out:extend(content)
    if kind ~= "tbl" and #caption > 0 then
      out:extend(words)
    end
    out:insert(raw("</figure>"))
    return out
  end
  local label = div.identifier ~= "" and " <" .. div.identifier .. ">" or ""
  out:insert(raw("#mot-float(" .. typst_string(sub and "sub" or kind) .. ", caption: ["))
  out:insert(pandoc.Plain(caption))
  out:insert(raw("])["))
  out:extend(content)
  out:insert(raw("]" .. label))
  return out
end

local function write_callout(div)
  local kind = callout_kind(div)
  if not kind then
    return nil
  end
  local title = div.content:remove(1)
  local out = pandoc.Blocks({})
  if html then
    out:insert(raw('<div class="callout callout-' .. kind .. '"><p class="callout-title">'))
    out:extend({ title, raw("</p>") })
    out:extend(div.content)
    out:insert(raw("</div>"))
  else
    out:insert(raw("#mot-callout(" .. typst_string(kind) .. ")["))
    out:extend({ title, raw("][") })
    out:extend(div.content)
    out:insert(raw("]"))
  end
  return out
end

local function write_div(div)
  if div.classes:includes("keep-together") and not html then
    local kept = pandoc.Blocks({ raw("#mot-keep(share: 0.95)[") })
    kept:extend(div.content)
    kept:insert(raw("]"))
    return kept
  end
  if div.attributes["layout-ncol"] and not div.classes:includes("mot-float") then
    return grid(div.content, div.attributes["layout-ncol"])
  end
  return write_callout(div) or write_float(div)
end

-- What scrolls sideways can be reached by the keyboard. Pairs in a list: a Lua table keyed by
-- name has another order in each run, and so would the page.
local function in_reach(name)
  return { { "tabindex", "0" }, { "role", "group" }, { "aria-label", name } }
end

local function write_table(tbl)
  if html then
    return {
      raw('<div class="scroll" tabindex="0" role="group" aria-label="Table, scrolls sideways">'),
      tbl,
      raw("</div>"),
    }
  end
  -- pandoc centres each table inside a figure of its own; the float around it is enough.
  local text = pandoc.write(pandoc.Pandoc({ tbl }), "typst")
  local bare, opened = text:gsub("^#figure%(\n%s*align%(center%)%[#table", "#table")
  local closed
  bare, closed = bare:gsub("%]%s*, kind: table%s*%)%s*$", "")
  return raw(opened == 1 and closed == 1 and bare or text)
end

local pictures = { png = true, svg = true, jpg = true, jpeg = true, gif = true, webp = true }

local function write_image(image)
  if image.src:match("^%a+:") or not pictures[(image.src:match("%.(%w+)$") or ""):lower()] then
    error("MOT: the image '" .. image.src .. "' is not a picture file beside the document. Use "
      .. "png, svg, jpg, gif or webp with a relative path.")
  end
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  if not typst then
    image.caption = { pandoc.Str(alt) }
    image.attributes["fig-alt"] = nil
    image.title = ""
    local reach = in_reach("Picture, scrolls sideways")
    return pandoc.Span({ image }, pandoc.Attr("", { "picture" }, reach))
  end
  local width = image.attributes["width"]
  local size = width and width:match("^[%d.]+%%$") and ", width: " .. width or ""
  return raw_inline("#image(" .. typst_string(image.src) .. size .. ", alt: " .. typst_string(alt) .. ")")
end

local function write_link(link)
  local scheme = link.target:match("^%s*(%a[%w+.-]*):")
  if scheme and not ({ http = true, https = true, mailto = true })[scheme:lower()] then
    return link.content
  end
end

-- A formula wider than a phone scrolls by itself.
local function write_formula(math)
  if html and math.mathtype == "DisplayMath" then
    return pandoc.Span({ math }, pandoc.Attr("", { "formula" }, in_reach("Formula")))
  end
end

-- Typst breaks a line at a space or hyphen only; a very long word gets invisible places to break.
local function break_long_word(str)
  if typst and utf8.len(str.text) and utf8.len(str.text) > 30 then
    local out = {}
    for _, code in utf8.codes(str.text) do
      out[#out + 1] = utf8.char(code)
      if #out % 10 == 0 then
        out[#out] = out[#out] .. "\u{200b}"
      end
    end
    return pandoc.Str(table.concat(out))
  end
end

local function smallest_level(blocks)
  local smallest = 6
  blocks:walk({ Header = function(header) smallest = math.min(smallest, header.level) end })
  return smallest
end

function Pandoc(doc)
  doc = doc:walk({ CodeBlock = read_html_output })
  doc = doc:walk({ traverse = "topdown", Div = select_content })
  doc = doc:walk({ Div = flatten_tabset })
  doc = doc:walk({ Div = title_callout })
  doc = doc:walk({ Figure = figure_to_float, Table = table_to_float })
  doc = doc:walk({ Div = div_to_float })
  local shift = (html and 2 or 1) - smallest_level(doc.blocks)
  doc = doc:walk({ Header = function(header)
    header.level = math.min(header.level + shift, 6)
    return header
  end })
  doc = doc:walk({ Div = number_float })
  doc = doc:walk({ Para = number_equation, Plain = number_equation })
  if doc.meta["number-sections"] then
    number_sections(doc)
  end
  doc = doc:walk({ Cite = resolve })
  doc = doc:walk({ Image = write_image, Link = write_link, Math = write_formula, Str = break_long_word })
  if not html and not typst then
    return doc
  end
  doc = doc:walk({ Table = write_table })
  doc = doc:walk({ Div = mark_cells })
  return doc:walk({ Div = write_div })
end
