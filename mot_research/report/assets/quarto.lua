-- What the embedded renderer does by itself, for Quarto: columns as wide as their content,
-- and what is kept together stands on one page of the PDF.

function Table(tbl)
  for _, spec in ipairs(tbl.colspecs) do
    spec[2] = nil
  end
  return tbl
end

function Div(div)
  if FORMAT:match("typst") and div.classes:includes("keep-together") then
    local kept = pandoc.Blocks({ pandoc.RawBlock("typst", "#mot-keep(share: 0.95)[") })
    kept:extend(div.content)
    kept:insert(pandoc.RawBlock("typst", "]"))
    return kept
  end
end
